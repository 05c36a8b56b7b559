/** Sends what a button decides, with the token of the address, and shows what came of it. Opening the page decides nothing. */

const token = location.hash.slice(1);
const choices = document.getElementById("choices");
const faults = document.getElementById("faults");
const shown = document.getElementById("shown");
const done = document.getElementById("done");
const dead = document.getElementById("dead");
const offline = document.getElementById("offline");

/** The link is not good, or not any more. */
function end() {
  choices.hidden = true;
  done.hidden = true;
  dead.hidden = false;
}

async function decide(button) {
  const answer = await fetch(button.dataset.path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token, language: choices.dataset.language }),
  });
  const body = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) {
    if (body.errors?.some(({ pointer }) => pointer === "/token")) return end();
    const item = document.createElement("li");
    item.textContent = body.detail ?? body.title ?? "";
    return faults.append(item);
  }
  done.textContent = button.dataset.done;
  done.hidden = !button.dataset.done;
  shown.hidden = body === null || Boolean(button.dataset.done);
  shown.textContent = shown.hidden ? "" : JSON.stringify(body, null, 2);
  choices.hidden = "ends" in button.dataset;
}

choices.addEventListener("click", async ({ target }) => {
  if (!(target instanceof HTMLButtonElement)) return;
  target.disabled = true;
  faults.replaceChildren();
  offline.hidden = true;
  try {
    await decide(target);
  } catch {
    offline.hidden = false;
  } finally {
    target.disabled = false;
  }
});

if (!token) end();
