/** An open course: its overview, or one of its lessons, as far as it is written. */
import { OpenCourse } from "../client/courses.js";
import { counted, duration, element, icon } from "../dom.js";
import { Contents } from "./contents.js";
import { Generation } from "./generation.js";
import { lessonPage } from "./lesson.js";

export class CourseView {
  element = element("div", { class: "column" });
  id;
  #tasks;
  #open;
  #lesson = null;
  #shown = null; // what the page shows now, so that it is not built again under the reader's eyes
  #generation;
  #contents = new Contents();
  #head = element("header", { class: "page-head" });
  #objectives = element("section", { class: "objectives" });
  #page = element("div");
  #leaving = new AbortController();
  #arrived;

  /** `arrived(course)` is called when there is something new to show, `cancelled()` when nothing is left of it. */
  constructor({ api, realtime, tasks, id, arrived, cancelled }) {
    this.id = id;
    this.#tasks = tasks;
    this.#arrived = arrived;
    this.#generation = new Generation(() => tasks.cancel(id));
    this.#generation.show(tasks.of(id));
    this.element.append(this.#generation.element, this.#page);
    this.#page.append(waiting());
    const { signal } = this.#leaving;
    this.#open = new OpenCourse(api, realtime, id);
    this.#open.addEventListener("changed", () => this.#show());
    this.#open.addEventListener("failed", ({ detail }) => this.#showProblem(detail));
    const follow = ({ detail: task }) => {
      if (task.course !== id) return;
      this.#generation.show(task);
      if (task.state === "CANCELLED") cancelled();
      else if (task.state === "DONE" || task.state === "ERROR") this.#open.read();
    };
    tasks.addEventListener("changed", follow, { signal });
  }

  get course() {
    return this.#open.course;
  }

  /** Goes to a lesson, or to the overview (null). */
  turnTo(lesson) {
    this.#lesson = lesson;
    this.#show();
  }

  close() {
    this.#leaving.abort();
    this.#open.close();
  }

  #show() {
    const { course } = this;
    if (!course) return;
    const task = this.#tasks.of(this.id);
    if (course.status === "failed" && !task) this.#generation.showFailed();
    const lesson = course.lessons.find(({ id }) => id === this.#lesson);
    if (this.#lesson && lesson) this.#showLesson(course, lesson);
    else if (this.#lesson && course.status === "generating") this.#showNotYet();
    else this.#showOverview(course);
    this.#arrived(course, lesson ?? null);
  }

  #showLesson(course, lesson) {
    const neighbours = course.lessons.map(({ order }) => order).filter((order) => Math.abs(order - lesson.order) === 1);
    const shown = `lesson ${lesson.id} between ${neighbours}`;
    if (this.#shown === shown) return;
    // A neighbour has landed: only the links below change, the page one reads stays as it is.
    const same = this.#shown?.startsWith(`lesson ${lesson.id} `);
    this.#shown = shown;
    const page = lessonPage(course, lesson);
    if (same) this.#page.querySelector(".turn-page").replaceWith(page.querySelector(".turn-page"));
    else this.#page.replaceChildren(page);
  }

  #showNotYet() {
    if (this.#shown === "not yet") return;
    this.#shown = "not yet";
    const heading = element("h1", { tabindex: -1 }, "Still being written");
    const text = element("p", {}, "This lesson is on its way. It opens here as soon as it is there.");
    this.#page.replaceChildren(element("div", { class: "empty" }, heading, text, element("a", { href: `#/courses/${this.id}` }, "To the contents")));
  }

  #showOverview(course) {
    this.#head.replaceChildren(...headOf(course));
    this.#objectives.replaceChildren(...objectivesOf(course));
    this.#contents.show(course);
    if (this.#shown === "overview") return;
    this.#shown = "overview";
    this.#page.replaceChildren(element("div", { lang: course.locale }, this.#head, this.#objectives, this.#contents.element));
  }

  #showProblem(problem) {
    const heading = element("h1", { tabindex: -1 }, problem.status === 404 ? "There is no such course" : "This course could not be read");
    const text = problem.status === 404 ? "It may have been cancelled, or belong to someone else." : problem.message;
    this.#page.replaceChildren(element("div", { class: "empty" }, heading, element("p", {}, text), element("a", { href: "#/new" }, "Ask for a new course")));
  }
}

function headOf(course) {
  const lessons = course.lessons.filter(({ kind }) => kind !== "assessment").length;
  const planned = course.modules.reduce((sum, module) => sum + module.planned.length, 0);
  const first = [...course.lessons].sort((one, other) => one.order - other.order)[0];
  const amount = course.status === "generating" && planned ? `${lessons} of ${counted(planned, "lesson")}` : counted(lessons, "lesson");
  const facts = [course.difficulty, course.modules.length && counted(course.modules.length, "module"), amount, course.estimated_minutes && duration(course.estimated_minutes), author(course)];
  return [
    element("h1", { tabindex: -1 }, course.title),
    course.description && element("p", { class: "lead" }, course.description),
    element("ul", { class: "facts" }, facts.filter(Boolean).map((fact) => element("li", { class: "first-letter" }, fact))),
    first && element("div", {}, element("a", { class: "button primary", href: `#/courses/${course.id}/${first.id}` }, "Start reading", icon("next"))),
  ].filter(Boolean);
}

/** Who wrote it; an outline made without a language model says so. */
function author({ is_ai_generated: isGenerated, ai_generation_metadata: made }) {
  if (!isGenerated || !made?.model_used) return null;
  return made.degraded ? `outline by ${made.model_used}, without a language model` : `written by ${made.model_used}`;
}

function objectivesOf({ objectives }) {
  if (!objectives.length) return [];
  const lines = objectives.map((objective) => element("li", {}, icon("check"), element("span", {}, objective)));
  return [element("h2", {}, "What you will be able to do"), element("ul", {}, ...lines)];
}

function waiting() {
  const lines = [1, 2, 3, 4].map(() => element("div", { class: "waiting-line" }));
  return element("div", { class: "waiting" }, ...lines, element("span", { class: "unseen", role: "status" }, "Loading the course"));
}
