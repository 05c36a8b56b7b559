/** Labelled fields, and every fault of a problem beside the field its pointer names. */
import { element } from "../dom.js";

/** A field with its label, an optional hint, and a place for faults. */
export function field(name, label, control, hint = null) {
  control.id = name;
  control.name = name;
  const notes = [hint && `${name}-hint`, `${name}-faults`].filter(Boolean).join(" ");
  control.setAttribute("aria-describedby", notes);
  return element(
    "div",
    { class: "field" },
    element("label", { for: name }, label),
    control,
    hint && element("span", { class: "hint", id: `${name}-hint` }, hint),
    faultList(name),
  );
}

/** One of a few, each as [value, label]. */
export function choices(name, legend, options, chosen) {
  const made = options.map(([value, label]) =>
    element(
      "label",
      { class: "choice" },
      element("input", { type: "radio", name, value, checked: value === chosen }),
      element("span", {}, label),
    ),
  );
  const described = { class: "field", "aria-describedby": `${name}-faults` };
  return element("fieldset", described, element("legend", {}, legend), element("div", { class: "choices" }, made), faultList(name));
}

function faultList(name) {
  return element("ul", { class: "faults", id: `${name}-faults` });
}

/** Clears what an earlier try has left. */
export function clearFaults(form) {
  for (const list of form.querySelectorAll(".faults")) list.replaceChildren();
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  form.querySelector(".notice")?.remove();
}

/** Shows a problem: each fault beside its field, what belongs to none above the form; then goes to the first. */
export function showProblem(form, problem, fieldOf = {}) {
  clearFaults(form);
  const errors = problem.code in fieldOf ? [{ pointer: `/${fieldOf[problem.code]}`, detail: problem.message }] : problem.errors;
  const rest = errors.filter((fault) => !showFault(form, fault)).map(({ detail }) => detail);
  if (!errors.length) rest.push(problem.message);
  if (rest.length) form.prepend(element("p", { class: "notice", role: "alert" }, rest.join(" ")));
  const first = form.querySelector("[aria-invalid]");
  const folded = first?.closest("details");
  if (folded) folded.open = true;
  first?.focus();
}

function showFault(form, { pointer, detail }) {
  const [, name, index] = pointer.split("/");
  const list = name && form.querySelector(`#${CSS.escape(name)}-faults`);
  if (!list) return false;
  const which = /^\d+$/.test(index ?? "") ? `line ${Number(index) + 1}: ` : "";
  list.append(element("li", {}, `${which}${detail}`));
  for (const control of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) control.setAttribute("aria-invalid", "true");
  return true;
}

/** Runs `work` for a submitted form: its button waits, its problem is shown. Resolves to whether it went well. */
export async function submitting(form, work, fieldOf) {
  const button = form.querySelector("[type=submit]");
  if (button.disabled) return false;
  clearFaults(form);
  button.disabled = true;
  try {
    await work();
    return true;
  } catch (problem) {
    showProblem(form, problem, fieldOf);
    return false;
  } finally {
    button.disabled = false;
  }
}
