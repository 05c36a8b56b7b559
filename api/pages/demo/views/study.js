/** The signed-in page: the shelf, what is open in the middle, the tutor beside it. */
import { Api } from "../client/http.js";
import { Realtime } from "../client/realtime.js";
import { Tasks } from "../client/courses.js";
import { element, icon } from "../dom.js";
import { askForCourse, sendKept } from "./ask_for_course.js";
import { showConnection } from "./connection.js";
import { CourseView } from "./course.js";
import { closeButton, Drawer } from "./drawer.js";
import { Shelf } from "./shelf.js";
import { Tutor } from "./tutor.js";

export class Study {
  element;
  #session;
  #api;
  #realtime;
  #tasks;
  #shelf;
  #tutor;
  #drawers;
  #view = null; // the CourseView, when a course is open
  #focusDue = false; // the page's heading is still to come
  #main = element("main", { class: "main", id: "main", tabindex: -1 });
  #title = element("span", { class: "topbar-title" }, "Lyo");
  #tutorOpener = element("button", { class: "icon-button", type: "button", "aria-label": "Open the tutor", title: "Tutor" }, icon("tutor"));

  constructor({ session, announce }) {
    this.#session = session;
    this.#api = new Api(session);
    this.#realtime = new Realtime(session);
    this.#tasks = new Tasks(this.#api, this.#realtime);
    const [closeShelf, closeTutor] = [closeButton("Close the list of courses"), closeButton("Close the tutor")];
    const parts = { api: this.#api, realtime: this.#realtime, tasks: this.#tasks, session, announce };
    this.#shelf = new Shelf({ ...parts, closeButton: closeShelf });
    this.#tutor = new Tutor({ ...parts, closeButton: closeTutor });
    const opener = element("button", { class: "icon-button", type: "button", "aria-label": "Open the list of courses", title: "Courses" }, icon("menu"));
    const topbar = element("header", { class: "topbar" }, opener, this.#title, this.#tutorOpener);
    const [shelf, tutor] = [this.#shelf.element, this.#tutor.element];
    this.element = element("div", { class: "frame" }, shelf, topbar, this.#main, tutor);
    this.#drawers = [
      new Drawer({ panel: shelf, opener, closer: closeShelf, behind: [topbar, this.#main, tutor], focus: () => closeShelf.focus() }),
      new Drawer({ panel: tutor, opener: this.#tutorOpener, closer: closeTutor, behind: [topbar, this.#main, shelf], focus: () => this.#tutor.focus() }),
    ];
    showConnection(this.#realtime, document.getElementById("connection"));
    document.addEventListener("visibilitychange", this.#seen);
    this.#realtime.start();
    this.#tasks.load().catch(() => undefined);
    sendKept(parts).then((course) => course && go(course));
  }

  close() {
    document.removeEventListener("visibilitychange", this.#seen);
    this.#leave();
    this.#realtime.stop();
  }

  /** Shows what an address names: `new`, `courses/{id}`, `courses/{id}/{lesson}`. */
  turnTo(route) {
    const [kind, id, lesson] = route.split("/");
    for (const drawer of this.#drawers) drawer.close({ quietly: true });
    if (kind !== "courses" || !id) this.#ask();
    else {
      if (this.#view?.id !== id) this.#openCourse(id);
      this.#view.turnTo(lesson ?? null);
    }
    this.#arrive();
  }

  #ask() {
    this.#leave();
    this.#main.replaceChildren(askForCourse({ tasks: this.#tasks, session: this.#session, open: go }));
    this.#beside(null);
    this.#entitle("New course");
  }

  #openCourse(id) {
    this.#leave();
    const parts = { api: this.#api, realtime: this.#realtime, tasks: this.#tasks };
    const arrived = (course, lesson) => this.#arrived(course, lesson);
    this.#view = new CourseView({ ...parts, id, arrived, cancelled: () => go(null) });
    this.#main.replaceChildren(this.#view.element);
    this.#beside(id);
  }

  #beside(course) {
    this.#shelf.select(course);
    this.#tutor.turnTo(course);
    this.#tutor.element.hidden = this.#tutorOpener.hidden = !course;
    this.element.classList.toggle("with-tutor", Boolean(course));
  }

  #leave() {
    this.#view?.close();
    this.#view = null;
  }

  #arrived(course, lesson) {
    this.#entitle(lesson?.title ?? course.title);
    if (this.#focusDue) this.#arrive();
  }

  /** On another page the reading begins at its heading, for those who hear it too. */
  #arrive() {
    const heading = this.#main.querySelector("h1");
    this.#focusDue = !heading;
    if (!heading) return;
    this.#main.scrollTo(0, 0);
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }

  #entitle(title) {
    this.#title.textContent = title;
    document.title = `${title} · Lyo`;
  }

  /** Back on this page: another device may have begun a course meanwhile. */
  #seen = () => {
    if (document.visibilityState !== "visible") return;
    this.#tasks.load().catch(() => undefined);
    this.#shelf.load();
  };
}

function go(course) {
  location.hash = course ? `#/courses/${course}` : "#/new";
}
