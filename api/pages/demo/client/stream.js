/**
 * What a client holds of one stream, and the rule that keeps it whole: an event is applied when its `seq` is the next,
 * dropped when it is known, and otherwise something is missing: subscribe again. The pieces of an answer (`delta`)
 * obey the same rule, their place being the number of Unicode code points before them.
 */

export const APPLIED = "applied";
export const KNOWN = "known";
export const GAP = "gap";

/** The number of Unicode code points; `length` would count the UTF-16 units, two for each emoji. */
export function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export class Stream {
  /** The last event applied, {epoch, seq}; null before the first subscription. */
  position;
  /** Answers being written: message id -> {revision, text, length}. */
  #answers = new Map();
  #ended = new Set();

  constructor(name, position = null) {
    this.name = name;
    this.position = position;
  }

  /** Takes the server's word for where the stream is: what was before is read as state, not as events. */
  moveTo({ epoch, seq }) {
    this.position = { epoch, seq };
  }

  /** The outcome for an `event` frame. */
  event(frame) {
    const { epoch, seq } = this.position ?? {};
    if (epoch !== frame.epoch) return GAP;
    if (frame.seq <= seq) return KNOWN;
    if (frame.seq > seq + 1) return GAP;
    this.position = { epoch, seq: frame.seq };
    return APPLIED;
  }

  /** The outcome for a `delta` frame. */
  delta({ message, revision, at, text }) {
    if (this.#ended.has(message)) return KNOWN;
    const held = this.#answers.get(message);
    if (!held || revision > held.revision) {
      if (at > 0) return GAP;
      this.#answers.set(message, { revision, text, length: codePoints(text) });
      return APPLIED;
    }
    if (revision < held.revision) return KNOWN;
    if (at > held.length) return GAP;
    const known = held.length - at;
    if (codePoints(text) <= known) return KNOWN;
    held.text += [...text].slice(known).join("");
    held.length = at + codePoints(text);
    return APPLIED;
  }

  /** The outcome for a `snapshot` frame, which replaces what is held of the answer. */
  snapshot({ message, revision, text }) {
    if (this.#ended.has(message)) return KNOWN;
    this.#answers.set(message, { revision, text, length: codePoints(text) });
    return APPLIED;
  }

  /** The outcome for an `end` frame: a stored event, and the answer it ends must be whole. */
  end(frame) {
    const held = this.#answers.get(frame.message);
    const isNext = this.position?.epoch === frame.epoch && frame.seq === this.position.seq + 1;
    const isWhole = held ? held.revision === frame.revision && held.length === frame.length : frame.length === 0;
    if (isNext && !isWhole) return GAP;
    const outcome = this.event(frame);
    if (outcome === APPLIED) {
      this.#answers.delete(frame.message);
      this.#ended.add(frame.message);
    }
    return outcome;
  }

  /** The text so far of an answer that is being written. */
  text(message) {
    return this.#answers.get(message)?.text ?? "";
  }

  /** The entries of `hello.resume` that name this place: in the events, and inside the answer being written. */
  resume() {
    const entries = [{ stream: this.name, ...this.position }];
    for (const [message, { revision, length }] of this.#answers) {
      entries.push({ stream: this.name, message, revision, at: length });
    }
    return entries;
  }
}
