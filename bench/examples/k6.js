// A learner's journey for k6: sign in, have a course written, watch it over the WebSocket.
//
//   k6 run --vus 50 --duration 1m bench/examples/k6.js
//   k6 run -e BASE=https://api.example.com -e LEARNER=me@example.com -e PASSWORD=... bench/examples/k6.js

import http from "k6/http";
import ws from "k6/ws";
import { check } from "k6";
import { Trend } from "k6/metrics";

const base = __ENV.BASE || "http://localhost:8000";
const firstFrame = new Trend("kickoff_to_first_frame", true);
const lastFrame = new Trend("kickoff_to_end", true);
const ended = ["DONE", "ERROR", "CANCELLED"];
const json = { "Content-Type": "application/json" };

export const options = {
  thresholds: {
    checks: ["rate>0.99"],
    kickoff_to_first_frame: ["p(99)<1000"],
  },
};

export function setup() {
  const credentials = { email: __ENV.LEARNER || "demo@example.com", password: __ENV.PASSWORD || "demo" };
  const answer = http.post(`${base}/v1/auth/login`, JSON.stringify(credentials), { headers: json });
  check(answer, { "signed in": (it) => it.status === 200 });
  return { token: answer.json("access_token") };
}

export default function ({ token }) {
  const authorization = { Authorization: `Bearer ${token}` };
  const key = `k6-${__VU}-${__ITER}-${Date.now()}`;
  const began = Date.now();
  const accepted = http.post(`${base}/v1/courses:generate`, JSON.stringify({ topic: "photosynthesis" }), {
    headers: { ...json, ...authorization, "Idempotency-Key": key },
  });
  if (!check(accepted, { "accepted": (it) => it.status === 202 })) return;

  let frames = 0;
  let last = {};
  const address = `${base.replace(/^http/, "ws")}/v1/ws/tasks/${accepted.json("task_id")}`;
  const handshake = ws.connect(address, { headers: authorization }, (socket) => {
    socket.on("message", (text) => {
      last = JSON.parse(text);
      frames += 1;
      if (frames === 1) firstFrame.add(Date.now() - began);
      if (ended.includes(last.state)) {
        lastFrame.add(Date.now() - began);
        socket.close();
      }
    });
    socket.setTimeout(() => socket.close(), 120000);
  });
  check(handshake, { "watched": (it) => it && it.status === 101 });
  check(last, { "the course is ready": (it) => it.state === "DONE" });
}
