// The live page: receives server-sent events, updates gauges, draws curves, and sends the commands of its buttons.
"use strict";

const $ = (id) => document.getElementById(id);
const pageToken = document.querySelector("meta[name=page]").content;
const LATE_MS = 2500;
const RETRY_MS = 3000;
const CLOSURE_FULL_S = 6;
const PERCLOS_FULL = 0.3;
const SLEEPY_FROM = 0.4;
const PERCLOS_BANDS = [[0.15, "warn"], [0.08, "mild"]];

async function post(path, body) {
  const headers = { "Content-Type": "application/json", "X-Wakeful-Page": pageToken };
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

// ---- entering with a token

function startEntering() {
  $("enter").addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await post("/enter", { token: $("token").value });
    if (answer.ok) location.reload();
    else $("answer").textContent = await answer.text();
  });
}

// ---- watching

let cells = [];
let about = { names: [], cell_s: 0.25, curves_s: 120 };
let heardMs = 0;
let newest = null;

function listen() {
  const source = new EventSource("/events");
  source.addEventListener("welcome", (event) => welcome(JSON.parse(event.data)));
  source.addEventListener("state", (event) => showState(JSON.parse(event.data)));
  source.addEventListener("happened", (event) => happened(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) refused();
  });
}

async function refused() {
  // An event source does not tell why it was refused; a plain request does.
  const stop = new AbortController();
  const answer = await fetch("/events", { signal: stop.signal }).catch(() => null);
  if (answer && answer.status === 401) { location.reload(); return; }
  const says = answer && !answer.ok ? await answer.text() : "no answer from the monitor";
  stop.abort();
  disconnected(says);
  setTimeout(listen, RETRY_MS);
}

function disconnected(says) {
  heardMs = 0;
  newest = null;
  banner("none", says, "");
  $("lamp").className = "stale";
  $("health").textContent = "not connected";
  $("standing").replaceChildren();
}

function welcome(greeting) {
  about = greeting;
  cells = greeting.cells;
  $("title").textContent = greeting.title;
  document.title = `wakeful · ${greeting.title}`;
  $("recent").replaceChildren();
  greeting.recent.forEach(addRecent);
  if (!greeting.recent.length) addRecent({ t: null, text: "none yet", level: "none" });
  showPicture();
  heardMs = performance.now();
}

function showPicture() {
  // A hidden page requests no images.
  const picture = $("picture");
  if (document.hidden) picture.removeAttribute("src");
  else picture.src = `/picture?${Date.now()}`;
}

function happened(entry) {
  addRecent(entry);
  showStanding(entry.standing);
  const worst = entry.standing[0];
  if (worst) banner(worst.level, worst.name, "");
}

function addRecent(entry) {
  const list = $("recent");
  if (list.firstChild && list.firstChild.dataset.empty) list.replaceChildren();
  const item = document.createElement("li");
  const time = document.createElement("time");
  const text = document.createElement("span");
  if (entry.t === null) item.dataset.empty = "1";
  time.textContent = entry.t === null ? "" : clock(entry.t);
  text.textContent = entry.text;
  text.className = entry.level;
  item.append(time, text);
  list.prepend(item);
  while (list.childElementCount > 40) list.lastChild.remove();
}

function showStanding(standing) {
  const key = JSON.stringify(standing);
  if ($("standing").dataset.key === key) return;
  $("standing").dataset.key = key;
  $("standing").replaceChildren(...standing.map((alert) => {
    const button = document.createElement("button");
    button.textContent = alert.acknowledged ? `${alert.name}: acknowledged` : `Acknowledge ${alert.name}`;
    button.disabled = alert.acknowledged;
    button.addEventListener("click", () => press("/acknowledge", { seq: alert.seq }, `${alert.name} acknowledged`));
    return button;
  }));
}

function banner(level, says, more) {
  $("banner").dataset.level = level;
  if ($("says").textContent !== says) $("says").textContent = says;
  $("more").textContent = more;
  sound(level, says);
}

function showState(state) {
  newest = state;
  heardMs = performance.now();
  takeCells(state.cells);
  $("lamp").className = state.health;
  $("health").textContent = state.health_text;
  $("clock").textContent = clock(state.t);
  showStanding(state.standing);
  // The most urgent active alert; without one, the reason.
  const more = [state.level === "none" ? "" : state.level, ...state.notes.map((code) => code.replaceAll("_", " "))];
  if (state.closure_s) more.push(`eyes closed ${state.closure_s.toFixed(1)} s`);
  if (state.lids === "lowered" || state.lids === "narrowed") more.push(`lids ${state.lids}`);
  if (state.off_road_s) more.push(`off the road ${state.off_road_s.toFixed(1)} s`);
  banner(state.level, state.says, more.filter(Boolean).join(" · "));
  showEyes(state);
  showDrowsiness(state);
  showExpression(state);
  showLoop(state);
  drawScope(state);
  drawPlot();
}

function takeCells(fresh) {
  for (const cell of fresh) {
    while (cells.length && cells[cells.length - 1][0] >= cell[0]) cells.pop();
    cells.push(cell);
  }
  const oldest = cells.length ? cells[cells.length - 1][0] - about.curves_s : 0;
  while (cells.length && cells[0][0] < oldest) cells.shift();
}

// ---- gauges

function gauge(id, share, text, style) {
  $(id).style.width = share === null ? "0" : `${100 * Math.min(Math.max(share, 0), 1)}%`;
  if (style !== undefined) $(id).className = style;
  $(`${id}-n`).textContent = share === null ? "–" : text;
}

function showEyes(state) {
  const style = state.closed ? "warn" : "";
  ["left", "right"].forEach((side, i) => {
    const open = state.eyes[i];
    gauge(side, open, open === null ? "" : open.toFixed(2), style);
  });
  const closure = state.closure_s;
  gauge("closure", closure === null ? null : closure / CLOSURE_FULL_S, closure === null ? "" : `${closure.toFixed(1)} s`,
    closure >= 3 ? "bad" : "warn");
  gauge("mouth", state.mouth, state.mouth === null ? "" : state.mouth.toFixed(2));
}

function showDrowsiness(state) {
  const band = PERCLOS_BANDS.find(([share]) => state.perclos >= share);
  const perclos = state.perclos;
  gauge("perclos", perclos === null ? null : perclos / PERCLOS_FULL, perclos === null ? "" : percent(perclos, 1),
    band ? band[1] : "");
  gauge("coverage", state.coverage, percent(state.coverage, 0));
  gauge("sleepiness", state.sleepiness, percent(state.sleepiness, 0), state.sleepiness >= SLEEPY_FROM ? "mild" : "");
  $("sleepiness-n").title = `by ${percent(state.sleepiness_coverage, 0)} of the blinks that it is meant to rest on`;
  gauge("learned", state.learned_pct / 100, `${state.learned_pct} %`);
}

function showExpression(state) {
  $("expression").textContent = state.expression || "–";
  const box = $("expressions");
  if (box.childElementCount !== state.expression_p.length) {
    box.replaceChildren(...state.expression_p.map(([name]) => {
      const row = document.createElement("div");
      row.className = "row";
      row.innerHTML = '<span></span><div class="bar quiet"><i></i></div>';
      row.firstChild.textContent = name;
      return row;
    }));
  }
  state.expression_p.forEach(([, p], i) => { box.children[i].querySelector("i").style.width = `${100 * p}%`; });
}

function showLoop(state) {
  $("fps").textContent = state.fps === null ? "–" : `${state.fps.toFixed(1)} fps`;
  $("age").textContent = state.age_ms === null ? "–" : `${state.age_ms} ms`;
  $("dropped").textContent = state.dropped;
  $("speed").textContent = state.speed_kmh === null ? "unknown" : `${state.speed_kmh} km/h`;
  $("landmarks").textContent = state.landmarks;
  const [yaw, pitch, roll] = state.head.map(degrees);
  const gaze = state.gaze[0] === null ? "gaze –" : `gaze ${state.gaze.map(degrees).join(" ")}`;
  $("angles").textContent = `head ${yaw} ${pitch} ${roll}\n${gaze}${state.zone ? ` ${state.zone}` : ""}`;
}

// ---- buttons

async function press(path, body, done) {
  const answer = await post(path, body).catch(() => null);
  if (answer && answer.status === 403) { location.reload(); return; }
  $("answer").textContent = answer && answer.ok ? done : answer ? await answer.text() : "no answer from the monitor";
  setTimeout(() => { $("answer").textContent = ""; }, 4000);
}

function mark() {
  const text = $("text").value;
  $("text").value = "";
  $("text").blur();
  press("/marker", { text }, newest ? `marked at ${clock(newest.t)}` : "marked");
}

function startWatching() {
  listen();
  startSounding();
  document.addEventListener("visibilitychange", showPicture);
  $("mark").addEventListener("submit", (event) => { event.preventDefault(); mark(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "m" && !event.ctrlKey && !event.metaKey && !event.altKey && event.target.tagName !== "INPUT") mark();
  });
  setInterval(() => {
    if (heardMs && performance.now() - heardMs > LATE_MS) disconnected("no answer from the monitor");
  }, 500);
}

if ($("enter")) startEntering();
else startWatching();
