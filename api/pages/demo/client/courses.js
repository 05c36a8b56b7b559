/** Courses: those there are, the one that is open as it grows, and the tasks that write them. */
import { patiently, uuid } from "./patience.js";

const LANDING_PAUSE_MS = 300; // Lessons may land many a second; the course is read again at most this often.
const TERMINAL = new Set(["DONE", "ERROR", "CANCELLED"]);

/** The learner's unfinished tasks, followed live. Tells `changed` (detail: the task) at every step and at the end. */
export class Tasks extends EventTarget {
  #api;
  #realtime;
  #byCourse = new Map();

  constructor(api, realtime) {
    super();
    this.#api = api;
    this.#realtime = realtime;
  }

  /** Finds the tasks that run, whichever device began them. */
  async load() {
    const page = await patiently(() => this.#api.get("/v1/tasks?limit=50"));
    for (const task of page.items) if (!TERMINAL.has(task.state)) this.#watch(task);
  }

  /** {id, state, percent, message} of the course's task, or undefined. */
  of(course) {
    return this.#byCourse.get(course);
  }

  /** Begins a course; the same `key` again, also after a reload, gives the same course. Throws Problem. */
  async begin(brief, key = uuid()) {
    const accepted = await this.#api.post("/v1/courses:generate", brief, { key });
    this.#watch({ ...accepted, state: "PENDING", progressPct: 0, message: "Waiting to start" });
    return accepted.provisional_course_id;
  }

  /** Ends the writing; nothing of the course remains. Throws Problem. */
  cancel(course) {
    return this.#realtime.command({ type: "cancel", id: uuid(), task: this.of(course).id });
  }

  #watch({ task_id: id, provisional_course_id: course, state, progressPct, message }) {
    if (!course || this.#byCourse.has(course)) return;
    const task = { id, course, state, percent: progressPct, message };
    this.#byCourse.set(course, task);
    const unfollow = this.#realtime.follow(`task:${id}`, {
      event: (_, progress) => this.#progress(task, progress, unfollow),
      text: () => undefined,
      end: () => undefined,
      read: () => this.#read(task),
      gone: () => this.#byCourse.delete(course),
    });
    this.dispatchEvent(new CustomEvent("changed", { detail: task }));
  }

  async #read(task) {
    const found = await patiently(() => this.#api.get(`/v1/tasks/${task.id}`)).catch(() => null);
    if (found) this.#progress(task, found, () => undefined);
  }

  #progress(task, { state, progressPct, message }, unfollow) {
    if (TERMINAL.has(task.state)) return;
    Object.assign(task, { state, message, percent: Math.max(task.percent, progressPct) });
    if (TERMINAL.has(state)) unfollow();
    this.dispatchEvent(new CustomEvent("changed", { detail: task }));
  }
}

/** One course, read again as its lessons land. Tells `changed`, and `failed` (detail: the Problem). */
export class OpenCourse extends EventTarget {
  course = null;
  #api;
  #closing = new AbortController();
  #unfollow;
  #reading = false;
  #again = false;

  constructor(api, realtime, id) {
    super();
    this.#api = api;
    this.id = id;
    const read = () => this.read();
    const nothing = () => undefined;
    // Listen first, then read: what lands in between is in the answer, or is told.
    this.#unfollow = realtime.follow(`course:${id}`, { event: read, text: nothing, end: nothing, read, gone: nothing });
    this.read();
  }

  close() {
    this.#closing.abort();
    this.#unfollow();
  }

  /** Reads the course now, or once more when a reading is under way. */
  async read() {
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    const { signal } = this.#closing;
    try {
      while (this.#again) {
        this.#again = false;
        this.course = await patiently(() => this.#api.get(`/v1/courses/${this.id}`, { signal }), signal);
        this.dispatchEvent(new Event("changed"));
        await new Promise((resolve) => setTimeout(resolve, LANDING_PAUSE_MS));
      }
    } catch (problem) {
      if (!signal.aborted) this.dispatchEvent(new CustomEvent("failed", { detail: problem }));
    } finally {
      this.#reading = false;
    }
  }
}
