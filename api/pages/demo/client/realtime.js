/**
 * One WebSocket for everything (`/v1/ws`, subprotocol lyo.v1): follows streams, sends commands, and comes back by
 * itself. After a drop it resumes each stream where it was, so nothing is missing and nothing comes twice.
 *
 * Tells `state`: "connecting", "live", "waiting" (for the next try) or "closed" (it will not come back; `detail` of
 * the event says why).
 */
import { BACK_OFF, GET_TOKEN, instruction, RESUME, SIGN_IN, STAY_AWAY } from "./close_codes.js";
import { Backoff, pause, uuid } from "./patience.js";
import { Problem } from "./problem.js";
import { APPLIED, GAP, Stream } from "./stream.js";

const NETWORK_LOST = 1006;
const WELCOME_MS = 10_000;
const PONG_MS = 10_000;
const SETTLED_MS = 5000; // A connection that lived this long was a good one: the back-off begins anew.

export class Realtime extends EventTarget {
  state = "closed";
  #device = uuid(); // this page's own: two tabs are two devices
  #session;
  #socket = null;
  #hangUp = null;
  #sent = null; // the access token the server was given last
  #follows = new Map(); // stream name -> {stream, follower, asked: id of the subscribe in flight}
  #commands = new Map(); // id -> {frame, resolve, reject}
  #backoff = new Backoff();
  #running = null; // AbortController
  #comeBackAt = null;
  #deadline = null;
  #heartbeat = null;
  #expiry = null;

  constructor(session) {
    super();
    this.#session = session;
    session.addEventListener("renewed", () => this.#authenticate());
    session.addEventListener("ended", () => this.stop());
    window.addEventListener("online", () => this.#probe());
    window.addEventListener("offline", () => this.#hangUp?.(NETWORK_LOST));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#probe());
  }

  /** Connects, and stays connected until `stop` or until the server says to stay away. */
  start() {
    if (this.#running) return;
    this.#running = new AbortController();
    this.#run(this.#running.signal);
  }

  stop(reason = "") {
    this.#running?.abort();
    this.#running = null;
    this.#hangUp?.(1000);
    for (const { reject } of this.#commands.values()) reject(Problem.offline());
    this.#commands.clear();
    this.#follows.clear();
    this.#become("closed", reason);
  }

  /**
   * Follows a stream behind `position` ({epoch, seq}, as a REST answer names it), or from now on. Returns how to stop.
   * `follower`: event(name, data), text(message, revision, text), end(frame), read() when the state must be read from
   * the API because events were left out, gone(problem) when the stream is not, or no longer, the learner's.
   */
  follow(name, follower, position = null) {
    const follow = { stream: new Stream(name, position), follower, asked: null };
    this.#follows.set(name, follow);
    this.#subscribe(follow);
    return () => {
      if (this.#follows.get(name) !== follow) return;
      this.#follows.delete(name);
      this.#send({ type: "unsubscribe", id: uuid(), stream: name });
    };
  }

  /**
   * Sends a command, again after every reconnect until its reply comes: each is harmless when repeated under its `id`.
   * Resolves to the reply's `ok`, throws its Problem.
   */
  command(frame) {
    if (!this.#running) return Promise.reject(Problem.offline());
    return new Promise((resolve, reject) => {
      this.#commands.set(frame.id, { frame, resolve, reject });
      this.#send(frame);
    });
  }

  // -- the connection's life

  async #run(signal) {
    while (!signal.aborted) {
      this.#become("connecting");
      const began = Date.now();
      const { code, reason } = await this.#connection();
      if (signal.aborted) return;
      const settled = Date.now() - began > SETTLED_MS;
      if (settled) this.#backoff.reset();
      const wait = await this.#obey(instruction(code), settled);
      if (wait === null) {
        this.stop(reason || `The server closed the connection (${code}).`);
        return;
      }
      if (signal.aborted) return;
      this.#become("waiting");
      await pause(wait, signal);
    }
  }

  /** Milliseconds to wait before the next connection; null for no more. */
  async #obey(order, settled) {
    const announced = this.#comeBackAt === null ? null : Math.max(0, this.#comeBackAt - Date.now());
    this.#comeBackAt = null;
    switch (order) {
      case STAY_AWAY:
        return null;
      case SIGN_IN:
        this.#session.forget("You have been signed out.");
        return null;
      case GET_TOKEN:
        await this.#session.renew(this.#sent).catch(() => undefined);
        return this.#session.user ? this.#backoff.next() : null;
      case RESUME:
        return announced ?? (settled ? 250 * Math.random() : this.#backoff.next());
      case BACK_OFF:
        return this.#backoff.next();
    }
  }

  /** One socket from its handshake to its end: {code, reason}. */
  async #connection() {
    let token;
    try {
      token = await this.#session.accessToken();
    } catch {
      return { code: NETWORK_LOST };
    }
    this.#sent = token;
    return new Promise((resolve) => {
      const socket = new WebSocket(address(), "lyo.v1");
      // A socket on a dead network may take minutes to close: it is left behind, and not waited for.
      const end = (code, reason = "") => {
        if (this.#hangUp !== end) return;
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
        this.#quiet();
        resolve({ code, reason });
      };
      this.#hangUp = end;
      this.#expectWithin(WELCOME_MS);
      socket.onopen = () => {
        this.#socket = socket;
        this.#hello(token);
      };
      socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
      socket.onclose = ({ code, reason }) => end(code, reason);
    });
  }

  #quiet() {
    this.#socket = this.#hangUp = null;
    clearTimeout(this.#deadline);
    clearInterval(this.#heartbeat);
    clearTimeout(this.#expiry);
    for (const follow of this.#follows.values()) follow.asked = null;
  }

  #become(state, detail = "") {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail }));
  }

  // -- out

  #send(frame) {
    const opening = frame.type === "hello";
    if (this.#socket && (opening || this.state === "live")) this.#socket.send(JSON.stringify(frame));
  }

  #hello(token) {
    const known = [...this.#follows.values()].filter(({ stream }) => stream.position);
    this.#send({ type: "hello", token, device: this.#device, resume: known.flatMap(({ stream }) => stream.resume()) });
  }

  #subscribe(follow) {
    const { name, position } = follow.stream;
    if (follow.asked || this.state !== "live" || this.#follows.get(name) !== follow) return;
    follow.asked = uuid();
    this.#send({ type: "subscribe", id: follow.asked, stream: name, after: position ?? undefined });
  }

  #authenticate() {
    if (this.state !== "live") return;
    this.#session.accessToken().then(
      (token) => {
        this.#sent = token;
        this.#send({ type: "auth", token });
        this.#watchExpiry();
      },
      () => undefined,
    );
  }

  #watchExpiry() {
    clearTimeout(this.#expiry);
    const renew = () => this.#session.accessToken().catch(() => undefined);
    this.#expiry = setTimeout(renew, Math.min(this.#session.renewAt - Date.now() + 100, 2 ** 31 - 1));
  }

  #ping() {
    const placed = [...this.#follows.values()].filter(({ stream }) => stream.position);
    const positions = Object.fromEntries(placed.map(({ stream }) => [stream.name, stream.position.seq]));
    this.#send({ type: "ping", positions });
    this.#expectWithin(PONG_MS);
  }

  /** The page is seen, or the network is back: find out now whether the socket still lives. */
  #probe() {
    if (this.state === "live") this.#ping();
    else this.#backoff.reset();
  }

  #expectWithin(ms) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#hangUp?.(NETWORK_LOST), ms);
  }

  // -- in

  #receive(frame) {
    clearTimeout(this.#deadline);
    switch (frame.type) {
      case "welcome":
        return this.#welcome(frame);
      case "reply":
        return this.#reply(frame);
      case "pong":
        return this.#pong(frame.positions);
      case "reconnect":
        this.#comeBackAt = Date.now() + frame.after_ms;
        setTimeout(this.#hangUp, frame.after_ms, 1012);
        return undefined;
      case "auth_expiring":
        return this.#session.renew(this.#sent).catch(() => undefined);
      default:
        return this.#follows.has(frame.stream) ? this.#merge(this.#follows.get(frame.stream), frame) : undefined;
    }
  }

  #welcome({ streams, heartbeat }) {
    this.#become("live");
    this.#heartbeat = setInterval(() => this.#ping(), 1000 * heartbeat);
    this.#watchExpiry();
    const resumed = new Map(streams.map((state) => [state.stream, state]));
    for (const follow of this.#follows.values()) {
      const state = resumed.get(follow.stream.name);
      if (state) this.#joined(follow, state);
      // Without a position it was not named in hello; with one and not welcomed, the reply says why.
      else this.#subscribe(follow);
    }
    for (const { frame } of this.#commands.values()) this.#send(frame);
  }

  #joined({ stream, follower }, { epoch, seq, recovered }) {
    if (recovered && stream.position) return;
    stream.moveTo({ epoch, seq });
    follower.read();
  }

  #reply({ id, ok, problem }) {
    const command = this.#commands.get(id);
    if (command) {
      this.#commands.delete(id);
      if (problem) command.reject(new Problem(problem));
      else command.resolve(ok);
    }
    const follow = [...this.#follows.values()].find(({ asked }) => asked === id);
    if (!follow) return;
    follow.asked = null;
    if (!problem) this.#joined(follow, ok);
    else if (problem.status === 404) this.#lose(follow, new Problem(problem));
    else setTimeout(() => this.#subscribe(follow), this.#backoff.next());
  }

  #lose({ stream, follower }, problem) {
    this.#follows.delete(stream.name);
    follower.gone(problem);
  }

  #pong(positions) {
    for (const [name, seq] of Object.entries(positions)) {
      const follow = this.#follows.get(name);
      if (follow?.stream.position && follow.stream.position.seq < seq) this.#subscribe(follow);
    }
  }

  #merge(follow, frame) {
    const { stream, follower } = follow;
    if (!["event", "delta", "snapshot", "end"].includes(frame.type)) return;
    const outcome = stream[frame.type](frame);
    if (outcome === GAP) this.#subscribe(follow);
    if (outcome !== APPLIED) return;
    if (frame.type === "event") follower.event(frame.event, frame.data);
    else if (frame.type === "end") follower.end(frame);
    else follower.text(frame.message, frame.revision, stream.text(frame.message));
  }
}

function address() {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/ws`;
}
