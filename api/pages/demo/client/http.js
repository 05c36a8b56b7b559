import { Problem } from "./problem.js";

const PATIENCE_MS = 30_000;

/**
 * One JSON request. Resolves to the answer's body (null without one).
 * Throws Problem, or the reason of `signal` when that aborts.
 */
export async function send(method, path, { token, body, key, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const content = body === undefined ? undefined : JSON.stringify(body);
  const ends = signal ? AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) : AbortSignal.timeout(PATIENCE_MS);
  try {
    const answer = await fetch(path, { method, headers, body: content, signal: ends });
    const text = await answer.text();
    if (answer.ok) return text ? JSON.parse(text) : null;
    throw new Problem(told(answer, text), Number(answer.headers.get("Retry-After")) || null);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Problem) throw error;
    // fetch tells of every failure of the network as a TypeError, of the deadline as an AbortSignal's reason.
    throw Problem.offline();
  }
}

function told(answer, text) {
  const isProblem = (answer.headers.get("Content-Type") ?? "").startsWith("application/problem+json");
  return isProblem ? JSON.parse(text) : { status: answer.status, title: `The server answered ${answer.status}.` };
}

/** Requests as the signed-in learner: with a token that is good, renewed once when the server says it is not. */
export class Api {
  #session;

  constructor(session) {
    this.#session = session;
  }

  get(path, options) {
    return this.#call("GET", path, options);
  }

  post(path, body, options) {
    return this.#call("POST", path, { ...options, body });
  }

  async #call(method, path, options = {}) {
    const token = await this.#session.accessToken();
    try {
      return await send(method, path, { ...options, token });
    } catch (problem) {
      if (problem.status !== 401) throw problem;
      const renewed = await this.#session.renew(token);
      return send(method, path, { ...options, token: renewed });
    }
  }
}
