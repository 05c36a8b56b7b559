/** A course's modules and lessons; a lesson that is still planned becomes a link in its place when it lands. */
import { duration, element } from "../dom.js";

export class Contents {
  element = element("section", { class: "contents", "aria-label": "Contents" });
  #rows = new Map(); // module id and place -> {row, lesson id}
  #lists = new Map(); // module id -> <ol>
  #isFirst = true;

  /** Brings the list up to `course`; rows that have not changed stay, and keep the focus. */
  show(course) {
    const lessons = new Map(course.lessons.map((lesson) => [lesson.id, lesson]));
    for (const module of course.modules) {
      const list = this.#list(module);
      rowsOf(module, lessons, course.status).forEach((row, place) => this.#show(course, list, `${module.id} ${place}`, row));
    }
    this.#isFirst = false;
  }

  #list({ id, order, title, description }) {
    if (!this.#lists.has(id)) {
      const list = element("ol");
      const text = description && element("p", {}, description);
      this.element.append(element("section", { class: "contents-module" }, element("h2", {}, `${order}. ${title}`), text, list));
      this.#lists.set(id, list);
    }
    return this.#lists.get(id);
  }

  #show(course, list, place, { title, lesson }) {
    const known = this.#rows.get(place);
    if (known && known.lesson === lesson?.id) return;
    const row = element("li", { "data-lesson": lesson?.id, class: lesson && !this.#isFirst ? "landed" : null }, line(course, title, lesson));
    if (known) known.row.replaceWith(row);
    else list.append(row);
    this.#rows.set(place, { row, lesson: lesson?.id });
  }
}

function line(course, title, lesson) {
  if (!lesson) return element("span", { class: "contents-lesson planned" }, title, element("span", { class: "minutes" }, "to come"));
  const length = duration(lesson.estimated_minutes);
  const minutes = element("span", { class: "minutes" }, lesson.kind === "assessment" ? `Questions, ${length}` : length);
  return element("a", { class: "contents-lesson", href: `#/courses/${course.id}/${lesson.id}` }, element("span", {}, title), minutes);
}

/** What a module will be: its planned lessons, each with the finished one when it is there, then its assessment. */
function rowsOf(module, lessons, status) {
  const finished = module.lessons.map((id) => lessons.get(id)).sort((one, other) => one.order - other.order);
  if (status !== "generating") return finished.map((lesson) => ({ title: lesson.title, lesson }));
  const left = finished.filter(({ kind }) => kind !== "assessment");
  const rows = module.planned.map((title) => {
    const at = left.findIndex((lesson) => lesson.title === title);
    return { title, lesson: at < 0 ? undefined : left.splice(at, 1)[0] };
  });
  const assessment = finished.find(({ kind }) => kind === "assessment");
  return [...rows, { title: assessment?.title ?? "Questions on this module", lesson: assessment }];
}
