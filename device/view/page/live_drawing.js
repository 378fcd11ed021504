// Drawing of the live page: the dial of head and gaze, the curves of the last two minutes, and times as text.
"use strict";

const REACH_DEG = 45;
const CLOSED_BELOW = 0.35;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function canvas(id) {
  // A canvas in the pixels of the screen, with its context in those of the page.
  const element = $(id);
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [element.clientWidth, element.clientHeight];
  if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
  }
  const pen = element.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  return { pen, width, height };
}

function drawScope(state) {
  const { pen, width, height } = canvas("scope");
  const [x0, y0, reach] = [width / 2, height / 2, height / 2 - 3];
  pen.strokeStyle = colour("line");
  for (const ring of [1, 2 / 3, 1 / 3]) {
    pen.beginPath();
    pen.arc(x0, y0, reach * ring, 0, 7);
    pen.stroke();
  }
  line(pen, [[x0 - reach, y0], [x0 + reach, y0]], colour("line"), 1);
  line(pen, [[x0, y0 - reach], [x0, y0 + reach]], colour("line"), 1);
  // As in the image: the person's left is on the right.
  dot(pen, x0, y0, reach, state.head, colour("accent"), 6);
  dot(pen, x0, y0, reach, state.gaze, colour("warm"), 4);
  legend(pen, [["head", "accent"], ["gaze", "warm"]], 2, 10);
}

function dot(pen, x0, y0, reach, [yaw, pitch], style, radius) {
  if (yaw === null || pitch === null) return;
  const far = Math.hypot(yaw, pitch) / REACH_DEG;
  const shorten = far > 1 ? 1 / far : 1;
  pen.fillStyle = style;
  pen.beginPath();
  pen.arc(x0 + (yaw / REACH_DEG) * shorten * reach, y0 - (pitch / REACH_DEG) * shorten * reach, radius, 0, 7);
  pen.fill();
}

function drawPlot() {
  const { pen, width, height } = canvas("plot");
  if (!cells.length) return;
  const now = cells[cells.length - 1][0];
  const axis = 16;
  const panel = (height - axis) / 3;
  const x = (t) => width - ((now - t) / about.curves_s) * width;
  const column = (name) => about.names.indexOf(name) + 1;
  const panels = [
    { low: 0, high: 1.1, marks: [[CLOSED_BELOW, "closed below 0.35"]], curves: [["opening", "ok", "eye opening"]] },
    { low: 0, high: PERCLOS_FULL, marks: [[0.08, "8 %"], [0.15, "15 %"]], curves: [["perclos", "advisory", "PERCLOS"]] },
    { low: -REACH_DEG, high: REACH_DEG, marks: [[0, ""]],
      curves: [["yaw", "accent", "head yaw"], ["pitch", "violet", "head pitch"], ["gaze_yaw", "warm", "gaze yaw"]] },
  ];
  panels.forEach((one, i) => {
    const [top, bottom] = [i * panel + 16, (i + 1) * panel - 4];
    const y = (v) => bottom - ((Math.min(Math.max(v, one.low), one.high) - one.low) / (one.high - one.low)) * (bottom - top);
    pen.fillStyle = colour("dim");
    for (const [value, text] of one.marks) {
      line(pen, [[0, y(value)], [width, y(value)]], colour("line"), 1);
      pen.textAlign = "left";
      pen.fillText(text, 2, y(value) - 3);
    }
    // Curves are drawn over the labels, which are in the oldest part.
    for (const [name, style] of one.curves) curve(pen, column(name), x, y, colour(style));
    legend(pen, one.curves.map(([, style, text]) => [text, style]), 2, i * panel + 10);
  });
  pen.fillStyle = colour("dim");
  pen.textAlign = "left";
  for (const back of [120, 90, 60, 30]) pen.fillText(`−${back} s`, x(now - back) + (back === 120 ? 2 : -12), height - 3);
  pen.textAlign = "right";
  pen.fillText("now", width - 2, height - 3);
}

function curve(pen, index, x, y, style) {
  // Unknown is a gap, never zero.
  let points = [];
  let before = null;
  for (const cell of cells) {
    const gap = cell[index] === null || (before !== null && cell[0] - before > 4 * about.cell_s);
    if (gap) { line(pen, points, style, 1.5); points = []; }
    if (cell[index] !== null) points.push([x(cell[0]), y(cell[index])]);
    before = cell[0];
  }
  line(pen, points, style, 1.5);
}

function line(pen, points, style, width) {
  if (!points.length) return;
  pen.strokeStyle = style;
  pen.lineWidth = width;
  pen.lineJoin = "round";
  pen.beginPath();
  points.forEach(([px, py], i) => (i ? pen.lineTo(px, py) : pen.moveTo(px, py)));
  pen.stroke();
}

function legend(pen, entries, left, y) {
  pen.textAlign = "left";
  for (const [text, style] of entries) {
    pen.fillStyle = colour(style);
    pen.fillRect(left, y - 5, 10, 2.5);
    pen.fillStyle = colour("dim");
    pen.fillText(text, left + 14, y);
    left += 26 + pen.measureText(text).width;
  }
}

function clock(seconds) {
  const rounded = Math.max(0, Math.floor(seconds * 10) / 10);
  const [h, m, s] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60, (rounded % 60).toFixed(1).padStart(4, "0")];
  return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

const percent = (share, decimals) => `${(100 * share).toFixed(decimals)} %`;
const degrees = (angle) => (angle === null ? "–" : `${angle >= 0 ? "+" : "−"}${Math.abs(angle).toFixed(0)}°`);
