// One key a picture. What is pressed is kept here until the machine has it on disk, across reloads too.
"use strict";

const $ = (id) => document.getElementById(id);
const meta = (name) => document.querySelector(`meta[name=${name}]`).content;
const pageToken = meta("page");
const names = JSON.parse(meta("keys"));
const STORE = `wakeful-labels-${meta("set")}`;
const AHEAD = 24;
const RETRY_MS = 1000;
const RATE_OVER = 20;

const page = Math.random().toString(36).slice(2, 10) + Date.now().toString(36);
let number = 0;
let look = 1;
let queue = [];       // pictures to come, the first is shown
let later = [];       // rows that were put off
let history = [];     // labels that can be taken back
let outdated = false;  // something was asked for while an answer was on its way
let pending = JSON.parse(localStorage.getItem(STORE) || "[]");
let labelled = new Set(pending.map((one) => one.body.row));  // in this look, whatever an answer on its way says
let progress = { left: 0, done: 0, twice: 0, same: 0, kappa: null };
let fetching = false;
let sending = false;
let pressedMs = [];

// ---- sending

function keep(message) {
  pending.push(message);
  localStorage.setItem(STORE, JSON.stringify(pending));
  showSaved("");
  send();
}

async function send() {
  if (sending) return;
  sending = true;
  while (pending.length) {
    const { path, body } = pending[0];
    const headers = { "Content-Type": "application/json", "X-Wakeful-Page": pageToken };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => null);
    if (answer && answer.status === 403) { location.reload(); return; }  // wakeful was started again
    if (answer && (answer.ok || answer.status === 400)) {
      pending.shift();
      localStorage.setItem(STORE, JSON.stringify(pending));
      showSaved("");
    } else {
      showSaved(answer ? await answer.text() : "no answer");
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }
  sending = false;
  if (!queue.length) more();  // the figures of this look are whole only now
}

function showSaved(trouble) {
  $("saved").textContent = trouble ? `${pending.length} not saved: ${trouble}` : pending.length ? "saving" : "all saved";
  $("saved").classList.toggle("waiting", Boolean(trouble));
}

// ---- pictures to come

async function more() {
  if (fetching) { outdated = true; return; }
  fetching = true;
  outdated = false;
  const wanted = look;
  const known = queue.length + pending.length + later.length;
  const answer = await fetch(`/next?look=${wanted}&count=${AHEAD + known}`).catch(() => null);
  fetching = false;
  if (!answer || !answer.ok) { setTimeout(more, RETRY_MS); return; }
  progress = await answer.json();
  if (wanted !== look) return;
  const before = queue.length;
  for (const one of progress.pictures) {
    if (queue.some((other) => other.row === one.row) || labelled.has(one.row) || later.includes(one.row)) continue;
    queue.push(load(one));
  }
  if (!queue.length && later.length) { later = []; more(); return; }
  if (!before) show(); else showProgress();
  if (outdated) more();
}

function load(one) {
  one.picture = new Image();
  one.picture.src = `/picture/${one.row}`;
  if (one.eyes) { one.strip = new Image(); one.strip.src = `/eyes/${one.row}`; }
  return one;
}

function show() {
  const one = queue[0];
  $("guess").textContent = "";
  $("picture").hidden = !one;
  $("eyes").hidden = !one || !one.eyes;
  $("name").textContent = one ? one.name : "";
  $("says").textContent = one ? "" : finished();
  if (one) {
    $("picture").src = one.picture.src;
    if (one.eyes) $("eyes").src = one.strip.src;
  }
  showProgress();
}

function finished() {
  if (fetching) return "loading";
  const again = progress.done ? "; Enter shows them again, mirrored and in another order" : "";
  return `All pictures have ${look === 1 ? "a label" : `${look} looks`}${again}.`;
}

function showProgress() {
  const all = progress.done + progress.left;
  const done = progress.done;
  $("bar").style.width = `${all ? 100 * done / all : 0}%`;
  $("round").textContent = look === 1 ? "first look" : `look ${look}`;
  $("count").textContent = `${done} of ${all}`;
  const lately = pressedMs.slice(-RATE_OVER);
  const minutes = lately.length > 1 ? (lately[lately.length - 1] - lately[0]) / 60000 : 0;
  $("rate").textContent = minutes ? `${Math.round((lately.length - 1) / minutes)} a minute` : "";
  $("agree").textContent = progress.twice ? `${progress.same} of ${progress.twice} looked at twice agree` : "";
}

// ---- keys

function label(key, sure) {
  const one = queue.shift();
  if (!one) return;
  number += 1;
  const body = { id: `${page}-${number}`, row: one.row, label: key, sure };
  progress.left -= 1;
  progress.done += 1;
  labelled.add(one.row);
  history.push({ one, id: body.id, look });
  pressedMs.push(performance.now());
  $("last").textContent = `${names[key]}${sure ? "" : ", not sure"}: ${one.name}`;
  mark(key);
  keep({ path: "/label", body });
  show();
  if (queue.length < AHEAD / 2) more();
}

function undo() {
  const last = history.pop();
  if (!last || last.look !== look) return;
  number += 1;
  keep({ path: "/undo", body: { id: `${page}-${number}`, of: last.id } });
  progress.left += 1;
  progress.done -= 1;
  labelled.delete(last.one.row);
  queue.unshift(last.one);
  $("last").textContent = `taken back: ${last.one.name}`;
  show();
}

function putOff() {
  if (!queue.length) return;
  later.push(queue.shift().row);
  show();
  if (queue.length < AHEAD / 2) more();
}

function again() {
  if (queue.length || !progress.done) return;
  if (fetching || pending.length) { setTimeout(again, 50); return; }  // the press counts once all is saved
  look += 1;
  later = [];
  history = [];
  labelled = new Set();
  document.body.classList.add("again");
  more();
}

async function guess() {
  const one = queue[0];
  if (!one) return;
  const answer = await fetch(`/guess/${one.row}`).catch(() => null);
  if (!answer || !answer.ok || queue[0] !== one) return;
  const shares = Object.entries(await answer.json()).sort((a, b) => b[1] - a[1]);
  const said = shares.map(([key, share]) => `${names[key]} ${Math.round(100 * share)} %`).join(", ");
  $("guess").textContent = `the network: ${said || "cannot tell"}`;
}

function mark(key) {
  for (const button of document.querySelectorAll("#keys button")) {
    button.classList.toggle("pressed", button.dataset.key === key);
  }
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const digit = /^(Digit|Numpad)(\d)$/.exec(event.code);
  const key = digit ? digit[2] : event.key.toLowerCase();
  const own = { backspace: undo, " ": guess, arrowright: putOff, enter: again }[key];
  if (own) own();
  else if (key in names) label(key, !event.shiftKey);
  else return;
  event.preventDefault();
});

for (const [key, name] of Object.entries(names)) {
  const button = document.createElement("button");
  const kbd = document.createElement("kbd");
  kbd.textContent = key;
  button.append(kbd, name);
  button.dataset.key = key;
  button.addEventListener("click", (event) => { label(key, !event.shiftKey); button.blur(); });
  $("keys").append(button);
}

showSaved("");
send();
more();
