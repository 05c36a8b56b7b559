/** Questions to check oneself by. Their answers stay on the server, so nothing here says right or wrong. */
import { element } from "../dom.js";

/** The questions of one quiz item; what is chosen is kept on this device. */
export function quiz({ id, detail }) {
  const kept = `lyo.choices.${id}`;
  const chosen = JSON.parse(localStorage.getItem(kept)) ?? {};
  const form = element("form", { class: "quiz" }, detail.questions.map((question, place) => fieldset(id, question, place, chosen)));
  form.addEventListener("change", ({ target }) => {
    chosen[target.dataset.question] = target.value;
    localStorage.setItem(kept, JSON.stringify(chosen));
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  const hint = element("p", { class: "crumb" }, "For yourself: choose, then put it to the tutor why. Your choices are not graded here.");
  return [hint, form];
}

function fieldset(item, { id, question, options = [] }, place, chosen) {
  const made = options.map((option, number) => {
    const attributes = { type: "radio", name: `${item}-${id}`, value: number, "data-question": id, checked: chosen[id] === String(number) };
    return element("label", { class: "option" }, element("input", attributes), element("span", {}, option));
  });
  return element("fieldset", {}, element("legend", {}, `${place + 1}. ${question}`), ...made);
}
