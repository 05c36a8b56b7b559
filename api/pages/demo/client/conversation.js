/** One conversation with the tutor as this device shows it: stored messages, the answer being written, what waits. */
import { patiently, uuid } from "./patience.js";

const PAGE = 100;

/** Tells `changed` whenever `messages` has, `finished` (detail: the message) when an answer has ended. */
export class Conversation extends EventTarget {
  id;
  loaded = false;
  #api;
  #realtime;
  #messages = new Map();
  #closing = new AbortController();
  #unfollow = null;

  constructor(api, realtime, id) {
    super();
    this.#api = api;
    this.#realtime = realtime;
    this.id = id;
  }

  /** Reads the history and follows what comes behind it. Throws Problem when there is no such conversation. */
  async open() {
    const position = await this.#read();
    if (this.#closing.signal.aborted) return;
    this.#unfollow = this.#realtime.follow(`conversation:${this.id}`, this.#follower(), position);
    this.#sendKept();
  }

  close() {
    this.#closing.abort();
    this.#unfollow?.();
  }

  /** In order, without the answers that another has replaced. */
  get messages() {
    const shown = [...this.#messages.values()].filter(({ status }) => status !== "superseded");
    return shown.sort((one, other) => one.position - other.position);
  }

  get writing() {
    return [...this.#messages.values()].some(({ status }) => status === "writing" || status === "sending");
  }

  /** Asks the tutor; the question is shown at once, and kept over a reload until the server has it. Throws Problem. */
  async ask(text) {
    const question = { id: uuid(), text };
    localStorage.setItem(this.#kept, JSON.stringify(question));
    await this.#send(question);
  }

  /** Ends the answer that is being written, whichever device asked for it. */
  stop() {
    return this.#realtime.command({ type: "stop", id: uuid(), conversation: this.id });
  }

  /** Has the newest question answered again. Throws Problem. */
  regenerate() {
    return this.#api.post(`/v1/tutor/conversations/${this.id}/regenerate`);
  }

  get #kept() {
    return `lyo.question.${this.id}`;
  }

  #sendKept() {
    const question = JSON.parse(localStorage.getItem(this.#kept));
    if (question) this.#send(question).catch(() => undefined);
  }

  async #send({ id, text }) {
    this.#put({ id, text, role: "user", position: Infinity, revision: 0, status: "sending" });
    try {
      await this.#realtime.command({ type: "ask", id, conversation: this.id, text });
    } catch (problem) {
      if (problem.passing) throw problem;
      this.#messages.delete(id);
      this.#changed();
      localStorage.removeItem(this.#kept);
      throw problem;
    }
    localStorage.removeItem(this.#kept);
  }

  async #read() {
    const { signal } = this.#closing;
    let position = null;
    let cursor = "";
    do {
      const path = `/v1/tutor/conversations/${this.id}?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const page = await patiently(() => this.#api.get(path, { signal }), signal);
      // The first page's place: what happens while the others are read is told again, and known by its id.
      position ??= { epoch: page.stream.epoch, seq: page.stream.seq };
      for (const message of page.items) this.#put(message);
      cursor = page.nextCursor;
    } while (cursor);
    this.loaded = true;
    this.#changed();
    return position;
  }

  #follower() {
    return {
      event: (name, data) => {
        if (name === "message") this.#put(data);
        if (name === "superseded") this.#amend(data.message, { status: "superseded" });
      },
      text: (id, revision, text) => this.#amend(id, { revision, text }),
      end: (frame) => this.#end(frame),
      read: () => this.#read().catch(() => undefined),
      gone: () => this.close(),
    };
  }

  async #end({ message, revision, status, sha256 }) {
    this.#amend(message, { revision, status, sha256 });
    const ended = this.#messages.get(message);
    if (ended) this.dispatchEvent(new CustomEvent("finished", { detail: ended }));
    if (ended && !(await isWhole(ended.text, sha256))) await this.#read().catch(() => undefined);
  }

  /** Takes a message as the server tells it, unless what is here is further on. */
  #put(message) {
    const held = this.#messages.get(message.id);
    const isOlder = held && held.status !== "sending" && held.sha256 && !message.sha256;
    if (isOlder) return;
    const isShorter = held?.status === "writing" && message.status === "writing" && held.text.length > message.text.length;
    this.#messages.set(message.id, isShorter ? { ...message, text: held.text, revision: held.revision } : message);
    this.#changed();
  }

  #amend(id, members) {
    const held = this.#messages.get(id);
    if (!held || (held.sha256 && members.text !== undefined)) return;
    this.#messages.set(id, { ...held, ...members });
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }
}

/** Whether the text is the one the server has stored. Without a secure context there is no SHA-256: then it counts. */
async function isWhole(text, sha256) {
  if (!crypto.subtle) return true;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}
