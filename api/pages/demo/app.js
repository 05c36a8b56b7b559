/** The page: who is signed in decides what it is, the address behind `#/` what it shows. */
import { Session } from "./client/session.js";
import { entrance } from "./views/entrance.js";
import { Study } from "./views/study.js";

const session = new Session();
const box = document.getElementById("app");
const announcements = document.getElementById("announcements");
let study = null;
let deployment = { demo: null };

function announce(text) {
  announcements.textContent = text;
}

function route() {
  return location.hash.replace(/^#\/?/, "");
}

function show(reason = "") {
  if (session.user) {
    study ??= new Study({ session, announce });
    if (!study.element.isConnected) box.replaceChildren(study.element);
    study.turnTo(route());
    return;
  }
  study?.close();
  study = null;
  box.replaceChildren(entrance({ session, deployment, isRegistering: route() === "register", reason }));
  document.title = "Lyo";
  box.querySelector("h1").focus({ preventScroll: true });
}

window.addEventListener("hashchange", () => show());
// Followed as a link it would change the address, which says what is open.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
session.addEventListener("renewed", () => {
  if (study || !session.user) return;
  if (route() === "register") location.hash = "#/";
  show();
});
session.addEventListener("ended", ({ detail }) => {
  if (!detail) history.replaceState(null, "", "#/");
  show(detail);
});

const asked = await fetch("/page/deployment.json").catch(() => null);
if (asked?.ok) deployment = await asked.json();
show();
