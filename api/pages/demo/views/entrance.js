/** Where one comes in: sign in, register, or look around as the demo learner. */
import { element } from "../dom.js";
import { field, submitting } from "./form.js";

/** The page for `register` or signing in; `reason` says why one is here again. */
export function entrance({ session, deployment, isRegistering, reason }) {
  const heading = isRegistering ? "Create your account" : "Learn anything, one good question at a time.";
  const lead = isRegistering
    ? "Your courses and conversations are kept with it."
    : "Lyo writes a course for you while you watch, and a tutor thinks along.";
  return element(
    "main",
    { class: "entrance", id: "main", tabindex: -1 },
    element(
      "div",
      { class: "entrance-panel" },
      mark(),
      element("div", {}, element("h1", { tabindex: -1 }, heading), element("p", { class: "lead" }, lead)),
      reason && element("p", { class: "notice calm", role: "status" }, reason),
      !isRegistering && deployment.demo && [demoForm(session, deployment.demo), element("p", { class: "or" }, "or")],
      isRegistering ? registerForm(session) : signInForm(session),
      element(
        "p",
        {},
        isRegistering ? "You have an account? " : "New here? ",
        isRegistering ? element("a", { href: "#/" }, "Sign in") : element("a", { href: "#/register" }, "Create an account"),
      ),
    ),
  );
}

export function mark() {
  return element("a", { class: "mark", href: "#/" }, element("img", { src: "/page/icon.svg", alt: "", width: 28, height: 28 }), "Lyo");
}

function demoForm(session, { email, password }) {
  const button = element("button", { class: "button primary wide", type: "submit" }, "Continue as the demo learner");
  return form([button], () => session.signIn(email, password));
}

function signInForm(session) {
  const email = element("input", { type: "email", autocomplete: "username", required: true });
  const password = element("input", { type: "password", autocomplete: "current-password", required: true });
  const button = element("button", { class: "button wide", type: "submit" }, "Sign in");
  const parts = [field("email", "E-mail", email), field("password", "Password", password), button];
  return form(parts, () => session.signIn(email.value, password.value), { WRONG_CREDENTIALS: "password" });
}

function registerForm(session) {
  const name = element("input", { type: "text", autocomplete: "name" });
  const email = element("input", { type: "email", autocomplete: "username" });
  const password = element("input", { type: "password", autocomplete: "new-password" });
  const rules = "At least 12 characters, with upper and lower case, a digit and a special character.";
  const button = element("button", { class: "button primary wide", type: "submit" }, "Create account");
  const parts = [field("full_name", "Name", name), field("email", "E-mail", email), field("password", "Password", password, rules), button];
  const register = () => session.register({ full_name: name.value, email: email.value, password: password.value });
  return form(parts, register, { EMAIL_TAKEN: "email" });
}

/** The server judges the input, and tells all its faults at once; the browser's own bubbles would tell one. */
function form(parts, work, fieldOf) {
  const made = element("form", { class: "fields", novalidate: true }, ...parts);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(made, work, fieldOf);
  });
  return made;
}
