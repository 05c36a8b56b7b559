/** The tutor's panel: the conversation about the course that is open. */
import { Conversation } from "../client/conversation.js";
import { patiently, uuid } from "../client/patience.js";
import { element, icon } from "../dom.js";
import { MessageList } from "./messages.js";

const STARTERS = ["What should I understand first?", "Ask me something about this course.", "I am stuck. Where do I begin?"];

export class Tutor {
  element;
  #api;
  #realtime;
  #session;
  #course = null;
  #conversation = null;
  #finding = null; // the search for it: until that is over, asking must not begin another
  #closing = new AbortController();
  #list;
  #text;
  #send;
  #notice = element("p", { class: "notice", role: "alert", hidden: true });

  /** `announce` says a finished answer to those who do not see it. */
  constructor({ api, realtime, session, closeButton, announce }) {
    this.#api = api;
    this.#realtime = realtime;
    this.#session = session;
    this.#list = new MessageList({ empty: this.#empty(), again: () => this.#try(() => this.#conversation.regenerate()) });
    this.announce = announce;
    this.#text = element("textarea", { id: "question", rows: 1, maxlength: 8000, placeholder: "Ask, or say what you think" });
    this.#send = element("button", { class: "round", type: "submit" });
    const hint = element("span", { class: "hint" }, "Enter sends, Shift and Enter begins a new line.");
    const label = element("label", { class: "unseen", for: "question" }, "Your message to the tutor");
    const form = element("form", { class: "ask" }, this.#notice, label, element("div", { class: "ask-row" }, this.#text, this.#send), hint);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#conversation?.writing) this.#try(() => this.#conversation.stop());
      else this.#ask(this.#text.value);
    });
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("input", () => sessionStorage.setItem(this.#kept, this.#text.value));
    const head = element("header", { class: "tutor-head" }, element("h2", { tabindex: -1 }, "Tutor"), closeButton);
    const panel = element("div", { class: "tutor" }, head, this.#list.element, form);
    this.element = element("aside", { class: "drawer right drawer-closed", id: "tutor", "aria-label": "Tutor" }, panel);
    this.#show();
    window.addEventListener("storage", ({ key }) => key === this.#where && !this.#conversation && this.#find());
  }

  /** Turns to a course: finds the conversation about it, whichever device began it. */
  turnTo(course) {
    if (course === this.#course) return;
    this.close();
    this.#course = course;
    this.#closing = new AbortController();
    this.#text.value = sessionStorage.getItem(this.#kept) ?? "";
    this.#show();
    this.#finding = course ? this.#find() : null;
  }

  close() {
    this.#closing.abort();
    this.#conversation?.close();
    this.#conversation = null;
    this.#course = null;
  }

  focus() {
    this.#text.focus();
  }

  get #where() {
    return `lyo.conversation.${this.#session.user?.id}.${this.#course}`;
  }

  get #kept() {
    return `lyo.typed.${this.#course}`;
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.#conversation?.writing) this.#ask(this.#text.value);
  }

  // -- the conversation

  async #find() {
    const { signal } = this.#closing;
    const course = this.#course;
    try {
      const known = localStorage.getItem(this.#where) ?? (await this.#search(course, signal));
      if (known) await this.#open(known, signal);
    } catch (problem) {
      if (signal.aborted) return;
      localStorage.removeItem(this.#where);
      this.#say(problem.status === 404 ? "" : problem.message);
    }
  }

  async #search(course, signal) {
    const page = await patiently(() => this.#api.get("/v1/tutor/conversations?limit=100", { signal }), signal);
    return page.items.find(({ resource_id: resource }) => resource === course)?.id;
  }

  async #open(id, signal) {
    const conversation = new Conversation(this.#api, this.#realtime, id);
    conversation.addEventListener("changed", () => this.#conversation === conversation && this.#show());
    conversation.addEventListener("finished", ({ detail }) => this.announce(spoken(detail)));
    this.#conversation = conversation;
    try {
      await conversation.open();
    } catch (problem) {
      if (this.#conversation === conversation) this.#conversation = null;
      throw problem;
    }
    if (signal.aborted) conversation.close();
    return conversation;
  }

  async #begin(signal) {
    const key = uuid();
    const made = await patiently(() => this.#api.post("/v1/tutor/conversations", { resource: this.#course }, { key, signal }), signal);
    localStorage.setItem(this.#where, made.id);
    return this.#open(made.id, signal);
  }

  async #ask(text) {
    const question = text.trim();
    if (!question || this.#conversation?.writing || this.#send.disabled) return;
    const { signal } = this.#closing;
    this.#text.value = "";
    sessionStorage.removeItem(this.#kept);
    this.#say("");
    this.#send.disabled = true;
    try {
      await this.#finding;
      const conversation = this.#conversation ?? (await this.#begin(signal));
      this.#send.disabled = false;
      await conversation.ask(question);
    } catch (problem) {
      if (signal.aborted || problem.passing) return;
      if (!this.#text.value) this.#text.value = question;
      this.#say(problem.message);
    } finally {
      this.#send.disabled = false;
    }
  }

  async #try(command) {
    this.#say("");
    await command().catch((problem) => this.#say(problem.message));
  }

  // -- what is seen

  #show() {
    const messages = this.#conversation?.messages ?? [];
    this.#list.show(messages);
    const isWriting = Boolean(this.#conversation?.writing);
    this.#send.classList.toggle("stop", isWriting);
    const label = isWriting ? "Stop the answer" : "Send";
    if (this.#send.getAttribute("aria-label") === label) return;
    this.#send.setAttribute("aria-label", label);
    this.#send.title = label;
    this.#send.replaceChildren(icon(isWriting ? "stop" : "send"));
  }

  #say(text) {
    this.#notice.textContent = text;
    this.#notice.hidden = !text;
  }

  #empty() {
    const starters = STARTERS.map((text) => element("button", { class: "button small", type: "button", onclick: () => this.#ask(text) }, text));
    const lead = element("p", {}, "The tutor knows this course. It asks back rather than telling you the answer, so that you find it.");
    return element("div", { class: "tutor-empty" }, lead, element("div", { class: "starters" }, starters));
  }
}

function spoken({ status, text }) {
  if (status === "failed") return "The tutor could not answer.";
  return status === "stopped" ? `Stopped. The tutor had said: ${text}` : `The tutor says: ${text}`;
}
