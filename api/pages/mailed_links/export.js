/** Downloads what the link is about, if it is still there. */

const form = document.getElementById("form");
const token = location.hash.slice(1);
const address = `${form.dataset.path}?token=${encodeURIComponent(token)}`;

function show(name) {
  for (const id of ["dead", "offline"]) document.getElementById(id).hidden = id !== name;
  form.hidden = name === "dead";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  show(null);
  try {
    const { ok } = await fetch(address, { method: "HEAD" });
    if (ok) location.assign(address);
    else show("dead");
  } catch {
    show("offline");
  }
});

if (!token) show("dead");
