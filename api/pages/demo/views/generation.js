/** The bar of a course that is being written, and how it ended when it ended badly. */
import { element } from "../dom.js";

export class Generation {
  element = element("section", { class: "generation", "aria-label": "Progress of the course", hidden: true });
  #bar = element("progress", { max: 100, "aria-label": "Written so far" });
  #message = element("span", { role: "status" });
  #percent = element("strong");
  #cancel;

  /** `cancel` ends the writing; it throws a Problem when it cannot. */
  constructor(cancel) {
    this.#cancel = element("button", { class: "link-button", type: "button" }, "Cancel");
    this.#cancel.addEventListener("click", async () => {
      this.#cancel.disabled = true;
      await cancel().catch((problem) => this.#say(problem.message));
      this.#cancel.disabled = false;
    });
    const first = element("div", { class: "generation-line" }, this.#message, this.#percent);
    this.element.append(first, this.#bar, element("div", { class: "generation-line" }, this.#cancel));
  }

  /** Shows the task; without one, and once it is done, there is nothing to show. */
  show(task) {
    const isRunning = task?.state === "PENDING" || task?.state === "RUNNING";
    this.element.hidden = !isRunning && task?.state !== "ERROR";
    if (this.element.hidden) return;
    this.element.classList.toggle("failed", task.state === "ERROR");
    this.#say(task.message ?? "");
    this.#bar.hidden = this.#cancel.hidden = !isRunning;
    this.#bar.value = Math.max(this.#bar.value, task.percent);
    this.#percent.textContent = isRunning ? `${this.#bar.value} %` : "";
  }

  /** A course that failed when nobody watched, and whose task is not at hand. */
  showFailed() {
    this.show({ state: "ERROR", percent: 0, message: "The writing of this course could not be finished. The lessons that are here stay." });
  }

  #say(message) {
    if (this.#message.textContent !== message) this.#message.textContent = message;
  }
}
