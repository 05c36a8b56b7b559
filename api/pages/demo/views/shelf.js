/** The courses there are: the learner's own, those being written with their progress, and the published ones. */
import { patiently } from "../client/patience.js";
import { duration, element, icon } from "../dom.js";
import { mark } from "./entrance.js";

const PAGE = 30;

export class Shelf {
  element;
  #api;
  #tasks;
  #rows = new Map(); // course id -> its link
  #current = null;
  #list = element("div", { "aria-live": "off" });
  #loading = null;

  constructor({ api, tasks, session, closeButton }) {
    this.#api = api;
    this.#tasks = tasks;
    const signOut = element("button", { class: "link-button", type: "button", onclick: () => session.signOut() }, "Sign out");
    const begin = element("a", { class: "button primary wide", href: "#/new" }, icon("plus"), "New course");
    this.element = element(
      "nav",
      { class: "drawer shelf drawer-closed", id: "shelf", "aria-label": "Courses" },
      element("div", { class: "shelf-head" }, mark(), closeButton),
      begin,
      this.#list,
      element("div", { class: "shelf-foot" }, element("span", {}, session.user.name), signOut),
    );
    this.#list.replaceChildren(waiting());
    tasks.addEventListener("changed", ({ detail }) => this.#progress(detail));
    this.load();
  }

  /** Reads the lists again. */
  load() {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  /** Marks the course that is open. */
  select(course) {
    this.#current = course;
    for (const [id, row] of this.#rows) {
      if (id === course) row.setAttribute("aria-current", "page");
      else row.removeAttribute("aria-current");
    }
  }

  async #load() {
    const read = (scope) => patiently(() => this.#api.get(`/v1/courses?scope=${scope}&limit=${PAGE}`));
    try {
      const [own, published] = await Promise.all([read("own"), read("published")]);
      const mine = new Set(own.items.map(({ id }) => id));
      const others = published.items.filter(({ id }) => !mine.has(id));
      const focused = document.activeElement?.getAttribute("href");
      this.#rows.clear();
      this.#list.replaceChildren(
        ...this.#group("Your courses", own, "own", "Nothing yet. Ask for a course, and it will stand here."),
        ...(others.length ? this.#group("Open to everyone", { ...published, items: others }, "published") : []),
      );
      this.select(this.#current);
      if (focused) this.#list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    } catch (problem) {
      this.#list.replaceChildren(element("p", { class: "notice", role: "alert" }, problem.message));
    }
  }

  #group(title, page, scope, empty = "") {
    const list = element("ul", {}, page.items.map((course) => this.#row(course)));
    const rest = page.nextCursor && this.#more(list, scope, page.nextCursor);
    return [element("h2", {}, title), page.items.length ? list : element("p", { class: "shelf-empty" }, empty), rest].filter(Boolean);
  }

  #more(list, scope, cursor) {
    const button = element("button", { class: "link-button", type: "button" }, "More");
    button.addEventListener("click", async () => {
      button.disabled = true;
      const path = `/v1/courses?scope=${scope}&limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`;
      const page = await patiently(() => this.#api.get(path));
      list.append(...page.items.filter(({ id }) => !this.#rows.has(id)).map((course) => this.#row(course)));
      button.replaceWith(...(page.nextCursor ? [this.#more(list, scope, page.nextCursor)] : []));
    });
    return button;
  }

  #row(course) {
    const note = element("span", {}, facts(course));
    const link = element("a", { class: "shelf-course", href: `#/courses/${course.id}` }, element("strong", {}, course.title), note);
    this.#rows.set(course.id, link);
    const task = this.#tasks.of(course.id);
    if (task) showProgress(link, task);
    return element("li", {}, link);
  }

  #progress(task) {
    const row = this.#rows.get(task.course);
    if (row && task.state === "RUNNING") showProgress(row, task);
    else this.load();
  }
}

function showProgress(row, { state, percent }) {
  if (state !== "PENDING" && state !== "RUNNING") return;
  const bar = row.querySelector("progress") ?? element("progress", { class: "thin", max: 100, "aria-label": "Written so far" });
  bar.value = percent;
  row.querySelector("span").textContent = `Being written, ${percent} %`;
  row.append(bar);
}

function facts({ status, difficulty, estimated_minutes: minutes }) {
  if (status === "failed") return "Could not be finished";
  const level = difficulty[0].toUpperCase() + difficulty.slice(1);
  return minutes ? `${level}, ${duration(minutes)}` : level;
}

function waiting() {
  const lines = [1, 2, 3].map(() => element("div", { class: "waiting-line" }));
  return element("div", { class: "waiting", role: "status" }, element("span", { class: "unseen" }, "Loading your courses"), ...lines);
}

