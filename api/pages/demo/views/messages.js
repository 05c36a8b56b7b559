/** The messages of a conversation; only what has changed is drawn again, at most once a frame. */
import { element, icon } from "../dom.js";
import { blocks } from "../markdown/blocks.js";

const NEAR_END_PX = 80; // Whoever reads further up is not pulled down by what is being written.
const STATES = { sending: "Sending…", stopped: "Stopped", failed: "The tutor could not answer. Try again in a moment." };

export class MessageList {
  // Not a live region: it would read out every piece of an answer. What is finished is announced once, elsewhere.
  element = element("div", { class: "messages", role: "log", "aria-live": "off", "aria-label": "Conversation", tabindex: 0 });
  #empty;
  #again;
  #drawn = new Map(); // message id -> {node, key}
  #messages = [];
  #isDue = false;

  constructor({ empty, again }) {
    this.#empty = empty;
    this.#again = element("button", { class: "link-button", type: "button", onclick: again }, icon("again"), "Answer again");
  }

  show(messages) {
    this.#messages = messages;
    if (this.#isDue) return;
    this.#isDue = true;
    // A hidden tab has no frames, and must not hold back a state that is asked for later.
    if (document.visibilityState === "visible") requestAnimationFrame(() => this.#draw());
    else setTimeout(() => this.#draw());
  }

  #draw() {
    this.#isDue = false;
    const { element: box } = this;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
    const isNew = this.#messages.some(({ id, role }) => role === "user" && !this.#drawn.has(id));
    const nodes = this.#messages.map((message) => this.#node(message));
    const shown = new Set(this.#messages.map(({ id }) => id));
    for (const id of this.#drawn.keys()) if (!shown.has(id)) this.#drawn.delete(id);
    place(box, nodes.length ? nodes : [this.#empty]);
    this.#offerAgain();
    if (isAtEnd || isNew) box.scrollTop = box.scrollHeight;
  }

  #node(message) {
    const key = `${message.status} ${message.revision} ${message.text.length}`;
    const known = this.#drawn.get(message.id);
    if (known?.key === key) return known.node;
    const node = known?.node ?? element("div", { "data-message": message.id });
    node.className = `message ${message.role} ${message.status}`;
    node.replaceChildren(...(message.role === "user" ? [message.text] : answer(message)));
    const state = STATES[message.status];
    if (state) node.append(element("p", { class: `state ${message.status}` }, state));
    this.#drawn.set(message.id, { node, key });
    return node;
  }

  #offerAgain() {
    const last = this.#messages.at(-1);
    const isEnded = last?.role === "assistant" && last.status !== "writing";
    if (isEnded) {
      const { node } = this.#drawn.get(last.id);
      if (this.#again.parentNode !== node) node.append(this.#again);
    } else this.#again.remove();
  }
}

function answer({ text, status }) {
  if (!text && status === "writing") return [element("div", { class: "thinking" }, element("i"), element("i"), element("i"))];
  return [element("div", { class: "prose" }, blocks(text, { top: 3 }))];
}

/** Puts `nodes` into `box` in order, moving none that stands right already. */
function place(box, nodes) {
  nodes.forEach((node, at) => {
    if (box.childNodes[at] !== node) box.insertBefore(node, box.childNodes[at] ?? null);
  });
  while (box.childNodes.length > nodes.length) box.lastChild.remove();
}
