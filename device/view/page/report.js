// The report's time lines: columns are unpacked once, drawn at the level of detail that the screen can show.
"use strict";

const UNKNOWN = 65535;
const GAP_S = 0.6;
const MIN_SPAN_S = 1;
const LEVELS = ["advisory", "warning", "urgent", "emergency"];
const PALETTE = ["#78cde0", "#ffb65c", "#b9a2f5", "#7bd88f", "#ff8f8f", "#6cb6ff", "#e6d36f", "#d58fd8", "#8fa3b8"];
const HEALTH = { starting: "accent", ok: "ok", calibrating: "accent", degraded: "warning", no_face: "warning", camera_lost: "urgent", stale: "urgent" };

// Asking for a computed style is slow, and a time line asks thousands of times.
const colours = new Map();
matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => colours.clear());
const printing = () => "print" in document.documentElement.dataset;

function colour(name) {
  if (name.startsWith("#")) return name;
  if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return colours.get(name);
}

const words = (code) => code.replaceAll("_", " ");

// ---- data

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

function column(buffer, about) {
  return new (about.bytes === 4 ? Uint32Array : Uint16Array)(buffer, about.at, about.count);
}

function pyramid(low, high) {
  // Each level has the lowest, the highest and the mean of four cells of the one before. Unknown loses against all known.
  const mean = low === high ? low : low.map((v, i) => (v === UNKNOWN ? UNKNOWN : (v + high[i]) >> 1));
  const levels = [{ low, high, mean, stride: 1 }];
  while (levels[levels.length - 1].low.length > 1500) levels.push(coarser(levels[levels.length - 1]));
  return levels;
}

function coarser(fine) {
  const size = Math.ceil(fine.low.length / 4);
  const [low, high, mean] = [new Uint16Array(size).fill(UNKNOWN), new Uint16Array(size), new Uint16Array(size)];
  for (let to = 0; to < size; to += 1) {
    let [sum, known] = [0, 0];
    for (let i = 4 * to; i < Math.min(4 * to + 4, fine.low.length); i += 1) {
      if (fine.low[i] === UNKNOWN) continue;
      if (fine.low[i] < low[to]) low[to] = fine.low[i];
      if (fine.high[i] > high[to]) high[to] = fine.high[i];
      sum += fine.mean[i];
      known += 1;
    }
    mean[to] = known ? Math.round(sum / known) : UNKNOWN;
  }
  return { low, high, mean, stride: fine.stride * 4 };
}

async function load(drive, text) {
  const buffer = await unpacked(text);
  const steps = column(buffer, drive.columns.t);
  drive.t = new Float64Array(steps.length);
  let ms = 0;
  steps.forEach((step, i) => { ms += step; drive.t[i] = drive.start + ms / 1000; });
  drive.curves = {};
  for (const [name, about] of Object.entries(drive.columns)) {
    if (name === "t" || name.endsWith("/high")) continue;
    const low = column(buffer, about);
    const high = drive.columns[`${name}/high`] ? column(buffer, drive.columns[`${name}/high`]) : low;
    drive.curves[name] = { levels: pyramid(low, high), low: about.low, step: about.step, known: low.some((v) => v !== UNKNOWN) };
  }
  return drive;
}

function before(times, t) {
  // The last index whose time is not after t; -1 before the first.
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function valueAt(drive, name, t) {
  const curve = drive.curves[name];
  const i = before(drive.t, t);
  if (i < 0 || t - drive.t[i] > GAP_S || curve.levels[0].low[i] === UNKNOWN) return null;
  return curve.low + curve.levels[0].low[i] * curve.step;
}

const spanAt = (spans, t) => spans.find(([start, end]) => start <= t && t < end);

// ---- lanes: what is shown above what

const one = (v, decimals, unit = "") => (v === null ? "–" : `${v.toFixed(decimals)}${unit}`);
const angle = (v) => (v === null ? "–" : `${v >= 0 ? "+" : "−"}${Math.abs(v).toFixed(0)}°`);
const share = (v) => (v === null ? "–" : `${(100 * v).toFixed(1)} %`);

function lanesOf(drive) {
  const codes = [...new Set(drive.alerts.map((alert) => alert.code))];
  const lanes = [
    { kind: "alerts", name: "alerts", codes, height: 20 + Math.max(1, codes.length) * 14 },
    { kind: "band", name: "health", spans: drive.spans.health, height: 30, style: (name) => HEALTH[name.split(":")[0]] || "dim" },
    { kind: "curves", name: "eye opening", height: 92, low: 0, high: 1.15, marks: [[0.35, "closed below 0.35"]], shade: drive.spans.closures,
      curves: [["eye_open_left", "ok", "left", (v) => one(v, 2)], ["eye_open_right", "accent", "right", (v) => one(v, 2)]] },
    { kind: "curves", name: "PERCLOS", height: 84, low: 0, high: 0.3, marks: [[0.08, "8 %"], [0.15, "15 %"]], area: ["perclos_coverage", "known"],
      curves: [["perclos_60s", "warm", "60 s", share], ["perclos_180s", "violet", "180 s", share]] },
    { kind: "curves", name: "head", height: 72, low: -45, high: 45, marks: [[0, ""]],
      curves: [["yaw_deg", "accent", "yaw", angle], ["pitch_deg", "violet", "pitch", angle]] },
    { kind: "curves", name: "gaze", height: 72, low: -45, high: 45, marks: [[0, ""]],
      curves: [["gaze_yaw_deg", "accent", "yaw", angle], ["gaze_pitch_deg", "violet", "pitch", angle]] },
    { kind: "band", name: "looks at", spans: drive.spans.zones, height: 30, style: paletteOf(drive.spans.zones, { road: "line", elsewhere: "urgent" }) },
    { kind: "curves", name: "mouth", height: 52, low: 0, high: 1.1, marks: [], shade: drive.spans.yawns,
      curves: [["mouth_open", "accent", "opening", (v) => one(v, 2)]] },
    { kind: "band", name: "expression", spans: drive.spans.expressions, height: 30, style: paletteOf(drive.spans.expressions, { neutral: "line" }) },
    { kind: "curves", name: "speed", height: 56, low: 0, high: Math.max(60, drive.top_speed * 1.1), marks: [], curves: [["speed_kmh", "accent", "", (v) => one(v, 0, " km/h")]] },
    { kind: "band", name: "monitor notes", spans: drive.spans.notes, height: 30, style: () => "urgent" },
  ];
  return lanes.filter((lane) => (lane.curves ? lane.curves.some(([name]) => drive.curves[name].known) : lane.kind === "alerts" || lane.spans.length));
}

function paletteOf(spans, fixed) {
  const names = [...new Set(spans.map((span) => span[2]))].filter((name) => !(name in fixed)).sort();
  return (name) => fixed[name] || PALETTE[names.indexOf(name) % PALETTE.length];
}

// ---- one time line

class Timeline {
  constructor(root, drive) {
    this.drive = drive;
    this.lanes = lanesOf(drive);
    this.whole = [drive.start, Math.max(drive.end, drive.start + MIN_SPAN_S)];
    this.view = [...this.whole];
    this.hover = null;
    this.select = null;
    this.follow = null;
    this.width = 0;
    root.innerHTML = '<div class="bar-of-tools"><h2>Time line</h2><span class="span"></span>'
      + '<button data-do="in" aria-label="Zoom in">+</button><button data-do="out" aria-label="Zoom out">−</button>'
      + '<button data-do="all">Whole drive</button></div><canvas class="lanes" tabindex="0" role="img"></canvas>'
      + '<canvas class="whole"></canvas><p class="hint">Drag to zoom in, double-click to show the whole drive. '
      + "Ctrl + wheel zooms, the strip below scrolls. Keys: ← → + − 0.</p>";
    this.main = root.querySelector(".lanes");
    this.strip = root.querySelector(".whole");
    this.said = root.querySelector(".span");
    this.main.setAttribute("aria-label", `Time line of ${drive.name}: alerts, health, eyes, PERCLOS, head, gaze, expression, speed`);
    this.back = document.createElement("canvas");
    this.height = 18 + this.lanes.reduce((sum, lane) => sum + lane.height, 0);
    this.main.style.height = `${this.height}px`;
    root.querySelectorAll("button").forEach((button) => button.addEventListener("click", () => this.act(button.dataset.do)));
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.main);
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.draw());
  }

  // -- what people do

  act(what) {
    if (what === "all") this.show(...this.whole);
    if (what === "in") this.zoom(0.5, (this.view[0] + this.view[1]) / 2);
    if (what === "out") this.zoom(2, (this.view[0] + this.view[1]) / 2);
  }

  show(from, to, publish = true) {
    const [first, last] = this.whole;
    let span = Math.min(Math.max(to - from, MIN_SPAN_S), last - first);
    let start = Math.min(Math.max(from, first), last - span);
    this.view = [start, start + span];
    this.draw();
    if (publish && this.follow) this.follow(start - first, start + span - first);
  }

  zoom(factor, around) {
    const [from, to] = this.view;
    this.show(around - (around - from) * factor, around + (to - around) * factor);
  }

  pan(share) {
    const by = share * (this.view[1] - this.view[0]);
    this.show(this.view[0] + by, this.view[1] + by);
  }

  listen() {
    const pointers = new Map();
    const at = (event) => this.time(event.clientX - this.main.getBoundingClientRect().left);
    this.main.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, event.clientX);
      this.main.setPointerCapture(event.pointerId);
      this.select = event.pointerType === "touch" ? null : [at(event), at(event)];
    });
    this.main.addEventListener("pointermove", (event) => {
      const moved = event.clientX - (pointers.get(event.pointerId) ?? event.clientX);
      if (event.pointerType === "touch" && pointers.has(event.pointerId)) this.touch(pointers, event, moved);
      this.hover = at(event);
      if (this.select) this.select[1] = this.hover;
      this.over();
    });
    const up = (event) => {
      pointers.delete(event.pointerId);
      const chosen = this.select;
      this.select = null;
      if (chosen && Math.abs(this.x(chosen[1]) - this.x(chosen[0])) > 5) this.show(Math.min(...chosen), Math.max(...chosen));
      else this.over();
    };
    this.main.addEventListener("pointerup", up);
    this.main.addEventListener("pointercancel", up);
    this.main.addEventListener("pointerleave", () => { this.hover = null; this.over(); });
    this.main.addEventListener("dblclick", () => this.act("all"));
    this.main.addEventListener("wheel", (event) => {
      if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(event.deltaY / 300), at(event));
      else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan((event.deltaX || event.deltaY) / 800);
      else return;
      event.preventDefault();
    }, { passive: false });
    this.main.addEventListener("keydown", (event) => {
      const keys = { ArrowLeft: () => this.pan(-0.2), ArrowRight: () => this.pan(0.2), "+": () => this.act("in"), "-": () => this.act("out"), 0: () => this.act("all") };
      if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
    });
    const jump = (event) => {
      if (!event.buttons) return;
      const [first, last] = this.whole;
      const box = this.strip.getBoundingClientRect();
      const middle = first + ((event.clientX - box.left) / box.width) * (last - first);
      const half = (this.view[1] - this.view[0]) / 2;
      this.show(middle - half, middle + half);
    };
    this.strip.addEventListener("pointerdown", (event) => { this.strip.setPointerCapture(event.pointerId); jump(event); });
    this.strip.addEventListener("pointermove", jump);
  }

  touch(pointers, event, moved) {
    // One finger moves, two stretch.
    const others = [...pointers.entries()].filter(([id]) => id !== event.pointerId);
    if (others.length) {
      const apart = Math.abs(event.clientX - others[0][1]);
      const earlier = Math.abs(event.clientX - moved - others[0][1]);
      if (apart > 10 && earlier > 10) this.zoom(earlier / apart, this.time((event.clientX + others[0][1]) / 2 - this.main.getBoundingClientRect().left));
    } else this.pan(-moved / this.main.clientWidth);
    pointers.set(event.pointerId, event.clientX);
  }

  // -- drawing

  x(t) { return ((t - this.view[0]) / (this.view[1] - this.view[0])) * this.width; }
  time(x) { return this.view[0] + (x / this.width) * (this.view[1] - this.view[0]); }

  draw() {
    this.width = this.main.clientWidth;
    const pen = penOf(this.back, this.width, this.height);
    pen.fillStyle = colour("card");
    pen.fillRect(0, 0, this.width, this.height);
    let top = 0;
    for (const lane of this.lanes) {
      lane.top = top;
      this[lane.kind](pen, lane);
      top += lane.height;
    }
    this.unseen(pen, top);
    this.marks(pen, top);
    this.axis(pen, top);
    this.drawStrip();
    this.said.textContent = `${clock(this.view[0])} to ${clock(this.view[1])}`;
    this.over();
  }

  alerts(pen, lane) {
    for (const alert of this.drive.alerts) {
      if (alert.end < this.view[0] || alert.start > this.view[1]) continue;
      const y = lane.top + 16 + lane.codes.indexOf(alert.code) * 14;
      const from = this.x(alert.start);
      pen.fillStyle = colour(alert.level === "emergency" ? "urgent" : alert.level);
      pen.fillRect(from, y, Math.max(3, this.x(alert.end) - from), 10);
    }
    lane.codes.forEach((code, i) => halo(pen, words(code), 4, lane.top + 25 + i * 14, "dim"));
    if (!lane.codes.length) halo(pen, "no alert", 4, lane.top + 25, "dim");
  }

  band(pen, lane) {
    const [from, to] = this.view;
    for (const [start, end, name] of lane.spans) {
      if (end < from) continue;
      if (start > to) break;
      pen.fillStyle = colour(lane.style(name));
      const x = Math.max(0, this.x(start));
      pen.fillRect(x, lane.top + 17, Math.max(0.7, Math.min(this.width, this.x(end)) - x), 9);
    }
  }

  curves(pen, lane) {
    const [top, bottom] = [lane.top + 18, lane.top + lane.height - 5];
    const y = (v) => bottom - ((Math.min(Math.max(v, lane.low), lane.high) - lane.low) / (lane.high - lane.low)) * (bottom - top);
    if (lane.area && this.drive.curves[lane.area[0]].known) this.area(pen, this.drive.curves[lane.area[0]], top, bottom);
    if (lane.shade) this.shade(pen, lane.shade, top, bottom);
    for (const [value, text] of lane.marks) {
      pen.strokeStyle = colour("line");
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(0, y(value));
      pen.lineTo(this.width, y(value));
      pen.stroke();
      if (text) halo(pen, text, this.width - 4, y(value) - 3, "dim", "right");
    }
    for (const [name, style] of lane.curves) this.curve(pen, this.drive.curves[name], y, colour(style));
    if (printing()) this.scale(pen, lane, top, bottom);
  }

  scale(pen, lane, top, bottom) {
    // On paper no pointer reads values: the ends of the axis are written on it.
    const say = lane.curves[0][3];
    halo(pen, say(lane.high), this.width - 4, top + 4, "dim", "right");
    halo(pen, say(lane.low), this.width - 4, bottom, "dim", "right");
  }

  cells(curve, draw) {
    // The level at which a pixel holds about one cell, and its cells in view.
    const times = this.drive.t;
    const [first, last] = [Math.max(0, before(times, this.view[0])), Math.min(times.length - 1, before(times, this.view[1]) + 1)];
    let level = 0;
    while (level + 1 < curve.levels.length && (last - first) / curve.levels[level].stride > 1.5 * this.width) level += 1;
    const { low, high, mean, stride } = curve.levels[level];
    for (let i = Math.floor(first / stride); i <= Math.floor(last / stride) && i < low.length; i += 1) {
      const begin = i * stride;
      const torn = begin > 0 && times[begin] - times[begin - 1] > GAP_S;
      draw(this.x(times[begin]), low[i], high[i], torn, mean[i]);
    }
  }

  curve(pen, curve, y, style) {
    const seconds = this.view[1] - this.view[0];
    const frames = before(this.drive.t, this.view[1]) - before(this.drive.t, this.view[0]);
    if (frames > this.width / 2 && seconds > 1) this.columns(pen, curve, y, style);
    else this.line(pen, curve, y, style);
  }

  columns(pen, curve, y, style) {
    // A veil from the lowest to the highest of each column of pixels, and their mean: much quicker than a long line.
    pen.fillStyle = style;
    let [column, top, bottom, sum, count, before] = [-1, 0, 0, 0, 0, null];
    const flush = () => {
      if (!count) return;
      const middle = sum / count;
      const from = before && before.column < column ? before.column + 1 : column;
      pen.globalAlpha = 0.4;
      pen.fillRect(from, top, column + 1 - from, bottom - top);
      pen.globalAlpha = 1;
      const [upper, lower] = before ? [Math.min(middle, before.middle), Math.max(middle, before.middle)] : [middle, middle];
      pen.fillRect(from, upper - 0.6, column + 1 - from, lower - upper + 1.2);
      before = { column, middle };
      count = 0;
    };
    this.cells(curve, (x, low, high, torn, mean) => {
      if (torn || low === UNKNOWN) { flush(); before = null; }
      if (low === UNKNOWN) return;
      if (Math.floor(x) !== column) {
        flush();
        [column, top, bottom, sum] = [Math.floor(x), Infinity, -Infinity, 0];
      }
      top = Math.min(top, y(curve.low + high * curve.step));
      bottom = Math.max(bottom, y(curve.low + low * curve.step));
      sum += y(curve.low + mean * curve.step);
      count += 1;
    });
    flush();
  }

  line(pen, curve, y, style) {
    pen.strokeStyle = style;
    pen.lineWidth = 1.2;
    pen.lineJoin = "bevel";
    pen.beginPath();
    let drawing = false;
    this.cells(curve, (x, low, high, torn) => {
      if (low === UNKNOWN) { drawing = false; return; }
      const [bottom, top] = [y(curve.low + low * curve.step), y(curve.low + high * curve.step)];
      if (drawing && !torn) pen.lineTo(x, top);
      else { pen.moveTo(x, top); pen.lineTo(x + 0.5, top); }
      if (bottom !== top) pen.lineTo(x, bottom);
      drawing = true;
    });
    pen.stroke();
  }

  area(pen, curve, top, bottom) {
    // How much of the minute is known: a veil from below, as high as the share.
    pen.fillStyle = colour("track");
    let [from, share] = [0, 0];
    const fill = (x) => { if (share) pen.fillRect(from, bottom - share * (bottom - top), x - from + 0.5, share * (bottom - top)); };
    this.cells(curve, (x, low) => {
      const known = low === UNKNOWN ? 0 : low * curve.step;
      if (known === share) return;
      fill(x);
      [from, share] = [Math.max(0, x), known];
    });
    fill(Math.min(this.width, this.x(this.drive.end)));
  }

  shade(pen, spans, top, bottom) {
    pen.fillStyle = colour("warning");
    pen.globalAlpha = 0.28;
    for (const [start, end] of spans) {
      if (end < this.view[0]) continue;
      if (start > this.view[1]) break;
      const wide = this.x(end) - this.x(start);
      // From afar a blink is not worth a mark, a long closure is.
      if (wide > 0.8 || end - start >= 0.5) pen.fillRect(this.x(start), top, Math.max(1.5, wide), bottom - top);
    }
    pen.globalAlpha = 1;
  }

  unseen(pen, bottom) {
    // Times of which nothing was recorded are hatched over all lanes.
    pen.strokeStyle = colour("line");
    pen.lineWidth = 1;
    for (const [start, end] of this.drive.spans.gaps) {
      const [from, to] = [Math.max(0, this.x(start)), Math.min(this.width, this.x(end))];
      if (to <= from) continue;
      pen.save();
      pen.beginPath();
      pen.rect(from, 0, Math.max(1, to - from), bottom);
      pen.clip();
      pen.beginPath();
      for (let x = from - bottom; x < to; x += 7) { pen.moveTo(x, bottom); pen.lineTo(x + bottom, 0); }
      pen.stroke();
      pen.restore();
    }
  }

  marks(pen, bottom) {
    for (const marker of this.drive.markers) {
      const x = this.x(marker.t);
      if (x < 0 || x > this.width) continue;
      pen.strokeStyle = colour("accent");
      pen.lineWidth = 1;
      pen.setLineDash([3, 3]);
      pen.beginPath();
      pen.moveTo(x, 12);
      pen.lineTo(x, bottom);
      pen.stroke();
      pen.setLineDash([]);
      const right = x > this.width - 120;
      halo(pen, marker.text.slice(0, 40), x + (right ? -4 : 4), 11, "accent", right ? "right" : "left");
    }
  }

  axis(pen, top) {
    const span = this.view[1] - this.view[0];
    const steps = [0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200];
    const step = steps.find((seconds) => (span / seconds) * 74 < this.width) || Math.ceil(span / 10);
    const right = printing() ? halo(pen, span < 3600 ? "time, min:s" : "time, h:min:s", this.width - 4, top + 15, "dim", "right") + 8 : 0;
    pen.fillStyle = colour("dim");
    pen.textAlign = "center";
    for (let t = Math.ceil(this.view[0] / step) * step; t <= this.view[1]; t += step) {
      const x = this.x(t);
      pen.fillRect(x, top, 1, 4);
      if (x > 24 && x < this.width - 24 - right) pen.fillText(clock(t, step >= 1), x, top + 15);
    }
  }

  over() {
    // What moves with the pointer, on top of what was drawn before.
    if (!this.width) return;
    const pen = penOf(this.main, this.width, this.height);
    pen.drawImage(this.back, 0, 0, this.width, this.height);
    if (this.select) {
      const [a, b] = this.select.map((t) => this.x(t));
      pen.fillStyle = colour("accent");
      pen.globalAlpha = 0.18;
      pen.fillRect(Math.min(a, b), 0, Math.abs(b - a), this.height - 18);
      pen.globalAlpha = 1;
    }
    const t = this.hover;
    if (t !== null) {
      pen.fillStyle = colour("dim");
      pen.fillRect(this.x(t), 0, 1, this.height - 18);
      const right = this.x(t) > this.width - 80;
      halo(pen, clock(t), this.x(t) + (right ? -5 : 5), this.height - 22, "text", right ? "right" : "left");
    }
    for (const lane of this.lanes) this.label(pen, lane, t);
  }

  label(pen, lane, t) {
    let x = 4 + halo(pen, lane.name, 4, lane.top + 12, "text") + 12;
    if (lane.kind === "curves") {
      for (const [name, style, text, say] of lane.curves) {
        pen.fillStyle = colour(style);
        pen.fillRect(x, lane.top + 7, 10, 2.5);
        const value = t === null ? "" : ` ${say(valueAt(this.drive, name, t))}`;
        x += 14 + halo(pen, `${text}${value}`, x + 14, lane.top + 12, "dim") + 12;
      }
      if (lane.area) halo(pen, t === null ? lane.area[1] : `${lane.area[1]} ${share(valueAt(this.drive, lane.area[0], t))}`, x, lane.top + 12, "dim");
    } else if (t !== null) {
      halo(pen, lane.kind === "band" ? words((spanAt(lane.spans, t) || [0, 0, "–"])[2]) : this.alertsAt(t), x, lane.top + 12, "dim");
    } else if (lane.kind === "band") this.key(pen, lane, x);
  }

  key(pen, lane, x) {
    const names = [...new Set(lane.spans.map((span) => span[2].split(":")[0]))].slice(0, 9);
    for (const name of names) {
      if (x > this.width - 90) return;
      pen.fillStyle = colour(lane.style(name));
      pen.fillRect(x, lane.top + 4, 9, 9);
      x += 13 + halo(pen, words(name), x + 13, lane.top + 12, "dim") + 10;
    }
  }

  alertsAt(t) {
    const slack = (this.view[1] - this.view[0]) / this.width * 4;
    return this.drive.alerts.filter((alert) => alert.start - slack <= t && t <= alert.end + slack)
      .map((alert) => `${words(alert.code)}, ${alert.level}, ${(alert.end - alert.start).toFixed(1)} s`).slice(0, 3).join("; ");
  }

  drawStrip() {
    const [width, height] = [this.strip.clientWidth, this.strip.clientHeight];
    const pen = penOf(this.strip, width, height);
    const [first, last] = this.whole;
    const x = (t) => ((t - first) / (last - first)) * width;
    pen.fillStyle = colour("track");
    pen.fillRect(0, 0, width, height);
    const curve = this.drive.curves.perclos_60s;
    const coarse = curve.levels[curve.levels.length - 1];
    pen.fillStyle = colour("dim");
    for (let i = 0; i < coarse.low.length; i += 1) {
      if (coarse.low[i] === UNKNOWN) continue;
      const tall = Math.min(1, (coarse.high[i] * curve.step) / 0.3) * (height - 8);
      pen.fillRect(x(this.drive.t[i * coarse.stride]), height - tall, 1.5, tall);
    }
    for (const level of LEVELS) {
      pen.fillStyle = colour(level === "emergency" ? "urgent" : level);
      for (const alert of this.drive.alerts) if (alert.level === level) pen.fillRect(x(alert.start), 0, Math.max(2, x(alert.end) - x(alert.start)), 7);
    }
    pen.strokeStyle = colour("accent");
    pen.lineWidth = 1.5;
    pen.strokeRect(x(this.view[0]) + 0.75, 0.75, Math.max(3, x(this.view[1]) - x(this.view[0]) - 1.5), height - 1.5);
  }
}

function penOf(element, width, height) {
  const ratio = Math.max(window.devicePixelRatio || 1, printing() ? 3 : 1);
  if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
  }
  const pen = element.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  return pen;
}

function halo(pen, text, x, y, style, align = "left") {
  pen.textAlign = align;
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  pen.strokeStyle = colour("card");
  pen.strokeText(text, x, y);
  pen.fillStyle = colour(style);
  pen.fillText(text, x, y);
  return pen.measureText(text).width;
}

function clock(seconds, whole = false) {
  const rounded = whole ? Math.round(seconds) : Math.floor(seconds * 10) / 10;
  const [h, m] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60];
  const s = whole ? String(rounded % 60).padStart(2, "0") : (rounded % 60).toFixed(1).padStart(4, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

// ---- the page

async function start() {
  const lines = [];
  for (const root of document.querySelectorAll(".timeline")) {
    const drive = JSON.parse(document.getElementById(`drive-${root.dataset.drive}`).textContent);
    await load(drive, document.getElementById(`columns-${root.dataset.drive}`).textContent);
    lines.push(new Timeline(root, drive));
  }
  if (lines.length === 2) {
    const together = document.getElementById("together");
    lines.forEach((line, i) => {
      line.follow = (from, to) => {
        const other = lines[1 - i];
        if (together.checked) other.show(other.whole[0] + from, other.whole[0] + to, false);
      };
    });
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-t]");
    if (!link) return;
    event.preventDefault();
    const line = lines[Number(link.dataset.drive)];
    const t = Number(link.dataset.t);
    line.show(t - 15, t + 15);
    line.main.scrollIntoView({ behavior: "smooth", block: "center" });
  });
  const redraw = () => { colours.clear(); lines.forEach((line) => { line.hover = null; line.draw(); }); };
  addEventListener("beforeprint", () => { document.documentElement.dataset.print = ""; redraw(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.print; redraw(); });
  window.timelines = lines;
  document.documentElement.dataset.ready = "yes";
}

start();
