/** Waiting: jittered back-off, pauses that end early when the network returns, and requests tried until they pass. */

/** Delays in milliseconds that double from `first` up to `most`, each shortened by chance so that clients spread. */
export class Backoff {
  #next;

  constructor({ first = 250, most = 8000 } = {}) {
    this.first = first;
    this.most = most;
    this.#next = first;
  }

  next() {
    const delay = this.#next * (0.5 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, this.most);
    return delay;
  }

  reset() {
    this.#next = this.first;
  }
}

/** Resolves after `ms`, sooner when the browser is online again or `signal` aborts. */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    signal?.addEventListener("abort", done);
    if (signal?.aborted) done();
  });
}

/** The result of `work`, called again as long as what it throws may pass. Throws the abort's reason once aborted. */
export async function patiently(work, signal) {
  const backoff = new Backoff();
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (problem) {
      if (!problem.passing) throw problem;
      await pause(Math.max(backoff.next(), 1000 * (problem.retryAfter ?? 0)), signal);
    }
  }
}

/** A random UUID (version 4). `crypto.randomUUID` is missing where a page comes by plain http from another machine. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
