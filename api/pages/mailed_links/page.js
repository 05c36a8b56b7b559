/** Sends the page's one form as JSON, with the token of the address where it needs one, and shows what came of it. */

const form = document.getElementById("form");
const faults = document.getElementById("faults");
const token = location.hash.slice(1);
const needsToken = "token" in form.dataset;

/** Shows one of the page's endings; without a name the form is there again. */
function show(name) {
  for (const id of ["done", "dead", "offline"]) document.getElementById(id).hidden = id !== name;
  form.hidden = name === "done" || name === "dead";
}

/** What the server says is wrong, one line for each fault. */
function tell(problem) {
  const lines = (problem.errors ?? []).map(({ detail }) => detail);
  for (const line of lines.length ? lines : [problem.detail ?? problem.title ?? ""]) {
    const item = document.createElement("li");
    item.textContent = line;
    faults.append(item);
  }
  form.querySelector("input")?.focus();
}

async function send() {
  const fields = Object.fromEntries(new FormData(form));
  const answer = await fetch(form.dataset.path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(needsToken ? { ...fields, token } : fields),
  });
  if (answer.ok) return show("done");
  const problem = await answer.json();
  if (problem.errors?.some(({ pointer }) => pointer === "/token")) return show("dead");
  return tell(problem);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  faults.replaceChildren();
  show(null);
  try {
    await send();
  } catch {
    show("offline");
  } finally {
    button.disabled = false;
  }
});

if (needsToken && !token) show("dead");
