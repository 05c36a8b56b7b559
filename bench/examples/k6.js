// Learners who ask the tutor over /v1/ws, for k6: k6 run -e LYO=http://localhost:8000 bench/examples/k6.js
//
// Each virtual user opens one session for SECONDS. `lyo-rt load` also cuts connections and checks that nothing is lost.

import http from 'k6/http';
import { check } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import { WebSocket } from 'k6/websockets';

const LYO = __ENV.LYO || 'http://localhost:8000';
const SECONDS = Number(__ENV.SECONDS || 20);
const THINK_MS = 1000; // a session may send 120 frames a minute

export const options = {
  vus: Number(__ENV.VUS || 20),
  iterations: Number(__ENV.VUS || 20),
  thresholds: { lyo_gaps: ['count==0'], lyo_first_token: ['p(95)<2000'], checks: ['rate==1'] },
};

const connect = new Trend('lyo_connect', true);
const firstToken = new Trend('lyo_first_token', true);
const answer = new Trend('lyo_answer', true);
const gaps = new Counter('lyo_gaps');
const json = { 'Content-Type': 'application/json' };

// Once for all: bcrypt takes a quarter of a second each time.
export function setup() {
  const body = JSON.stringify({ email: __ENV.LYO_EMAIL || 'demo@example.com', password: __ENV.LYO_PASSWORD || 'demo' });
  const signedIn = http.post(`${LYO}/v1/auth/login`, body, { headers: json });
  check(signedIn, { 'signed in': (found) => found.status === 200 });
  return { token: signedIn.json('access_token') };
}

export default function ({ token }) {
  const headers = { ...json, Authorization: `Bearer ${token}` };
  const conversation = http
    .post(`${LYO}/v1/tutor/conversations`, JSON.stringify({ title: 'Load' }), { headers })
    .json('id');
  const began = Date.now();
  const socket = new WebSocket(`${LYO.replace(/^http/, 'ws')}/v1/ws`, 'lyo.v1');
  const send = (type, members) => socket.send(JSON.stringify({ type, ...members }));
  let asked = 0;
  let first = false;
  let seq = 0;

  function ask() {
    if (Date.now() - began > SECONDS * 1000) {
      socket.close();
      return;
    }
    asked = Date.now();
    first = true;
    const id = `${__VU}`.padStart(8, '0') + '-0000-4000-8000-' + `${asked}`.slice(-12).padStart(12, '0');
    send('ask', { id, conversation, text: 'Where should I begin, and why?' });
  }

  function count(frame) {
    if (frame.seq !== seq + 1) gaps.add(1);
    seq = frame.seq;
  }

  socket.addEventListener('open', () => send('hello', { token }));
  socket.addEventListener('error', (fault) => check(fault, { [`no error (${fault.error})`]: () => false }));
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(data);
    switch (frame.type) {
      case 'welcome':
        connect.add(Date.now() - began);
        send('subscribe', { id: 'subscribe', stream: `conversation:${conversation}` });
        break;
      case 'reply':
        check(frame, { accepted: ({ ok }) => ok !== undefined });
        if (frame.id === 'subscribe') ask();
        break;
      case 'event':
        count(frame);
        break;
      case 'delta':
        if (first) firstToken.add(Date.now() - asked);
        first = false;
        break;
      case 'end':
        count(frame);
        answer.add(Date.now() - asked);
        setTimeout(ask, THINK_MS);
        break;
    }
  });
}
