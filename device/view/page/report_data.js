// The report's data: columns are unpacked once and summarised in levels of detail. First of the report's four scripts.
"use strict";

const UNKNOWN = 65535;
const GAP_S = 0.6;
const MIN_SPAN_S = 1;
const LEVELS = ["advisory", "warning", "urgent", "emergency"];
const PALETTE = ["#78cde0", "#ffb65c", "#b9a2f5", "#7bd88f", "#ff8f8f", "#6cb6ff", "#e6d36f", "#d58fd8", "#8fa3b8"];
const HEALTH = { starting: "accent", ok: "ok", calibrating: "accent", degraded: "warning", no_face: "warning", camera_lost: "urgent", stale: "urgent" };

// Reading a computed style is slow, and a time line needs thousands of them.
const colours = new Map();
matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => colours.clear());
const printing = () => "print" in document.documentElement.dataset;

function colour(name) {
  if (name.startsWith("#")) return name;
  if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return colours.get(name);
}

const words = (code) => code.replaceAll("_", " ");

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

function column(buffer, about) {
  return new (about.bytes === 4 ? Uint32Array : Uint16Array)(buffer, about.at, about.count);
}

function pyramid(low, high) {
  // Each level has minimum, maximum and mean of four cells of the previous one. Unknown cells are ignored if others are known.
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
