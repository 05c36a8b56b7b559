import { send } from "./http.js";
import { Problem } from "./problem.js";
import { forgetRenewal, keepRenewal, lastRenewal } from "./renewals.js";

/*
 * The tokens are kept in localStorage: the API takes bearer tokens and sets no cookie, a reload must not sign anybody
 * out, and a refresh token is good for one use, so all tabs must share one. A script that ran in this page could read
 * them there; the policy admits none but the page's own files, and no text becomes HTML.
 */
const KEY = "lyo.session";
const LOCK = "lyo.session";
const EARLY_SECONDS = 60;

/** Who is signed in here, in all tabs at once. Tells `renewed` after new tokens, `ended` when nobody is any more. */
export class Session extends EventTarget {
  #renewing = null;

  constructor() {
    super();
    window.addEventListener("storage", ({ key, oldValue, newValue }) => {
      if (key === KEY || key === null) this.#changedElsewhere(JSON.parse(oldValue), JSON.parse(newValue));
    });
  }

  /** {id, email, name}, or null. */
  get user() {
    return this.#held()?.user ?? null;
  }

  /** When the access token should be renewed, in milliseconds since 1970. */
  get renewAt() {
    return this.#held()?.renewAt ?? Infinity;
  }

  /** Throws Problem. */
  async signIn(email, password) {
    const answer = await send("POST", "/v1/auth/login", { body: { email, password } });
    this.#keep(heldFrom(answer, { id: answer.user.id, email: answer.user.email, name: answer.user.full_name }));
  }

  /** Throws Problem, with every fault of the input. */
  async register(details) {
    const answer = await send("POST", "/v1/auth/register", { body: details });
    this.#keep(heldFrom(answer, { id: answer.user_id, email: answer.email, name: answer.full_name }));
  }

  /** Signs out on the server if it can be reached, and here in any case; what was typed here is gone too. */
  async signOut() {
    const token = this.#held()?.access;
    for (const key of Object.keys(localStorage)) if (key.startsWith("lyo.") && key !== KEY) localStorage.removeItem(key);
    sessionStorage.clear();
    this.forget();
    if (token) await send("POST", "/v1/auth/logout", { token }).catch(() => undefined);
  }

  /** Forgets the tokens; `reason` is shown where one signs in again. */
  forget(reason = "") {
    localStorage.removeItem(KEY);
    forgetRenewal().catch(() => undefined);
    this.dispatchEvent(new CustomEvent("ended", { detail: reason }));
  }

  /** A token that is good for a while. Throws Problem when there is none to be had. */
  async accessToken() {
    const held = this.#held();
    if (!held) throw Problem.signedOut();
    return Date.now() < held.renewAt ? held.access : this.renew(held.access);
  }

  /** A token other than `spent`: another tab's, if it was faster, else a new one. Throws Problem. */
  renew(spent) {
    const turn = () => this.#renew(spent);
    // navigator.locks is missing where a page comes by plain http from another machine; there one tab must do.
    this.#renewing ??= (navigator.locks ? navigator.locks.request(LOCK, turn) : turn()).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renew(spent) {
    const held = this.#held();
    if (!held) throw Problem.signedOut();
    if (held.access !== spent) return held.access;
    const last = await lastRenewal().catch(() => undefined); // a browser may refuse to store anything for this page
    if (last?.spent === spent) return this.#keep(last.held);
    try {
      const answer = await send("POST", "/v1/auth/refresh", { body: { refresh_token: held.refresh } });
      const renewed = heldFrom(answer, held.user);
      await keepRenewal({ spent, held: renewed }).catch(() => undefined);
      return this.#keep(renewed);
    } catch (problem) {
      if (problem.status === 401) this.forget("Your session has ended. Please sign in again.");
      throw problem;
    }
  }

  #held() {
    return JSON.parse(localStorage.getItem(KEY));
  }

  #keep(held) {
    localStorage.setItem(KEY, JSON.stringify(held));
    this.dispatchEvent(new Event("renewed"));
    return held.access;
  }

  #changedElsewhere(before, now) {
    if (before?.user.id !== now?.user.id) location.reload();
    else if (now) this.dispatchEvent(new Event("renewed"));
  }
}

/** What is kept of an answer with tokens. */
function heldFrom(answer, user) {
  const seconds = Math.max(answer.expires_in - EARLY_SECONDS, answer.expires_in / 2);
  return { user, access: answer.access_token, refresh: answer.refresh_token, renewAt: Date.now() + 1000 * seconds };
}
