/** Says that the connection is away, once that has lasted long enough to be noticed. */

const NOTICED_MS = 1200;

/** Shows the state of `realtime` in `box`, a status region. */
export function showConnection(realtime, box) {
  let timer = null;
  const say = (text) => {
    box.textContent = text;
    box.classList.toggle("shown", Boolean(text));
  };
  realtime.addEventListener("state", ({ detail }) => {
    if (realtime.state === "live" || (realtime.state === "closed" && !detail)) {
      clearTimeout(timer);
      timer = null;
      say("");
    } else if (realtime.state === "closed") {
      say(`${detail} Reload the page to connect again.`);
    } else {
      timer ??= setTimeout(() => say(navigator.onLine ? "Reconnecting…" : "You are offline. Reconnecting…"), NOTICED_MS);
    }
  });
}
