// The lanes of a time line from top to bottom, and how their values are formatted.

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
    { kind: "curves", name: "PERCLOS", height: 84, low: 0, high: 0.3, marks: [[0.08, "8 %"], [0.15, "15 %"]], area: ["perclos_coverage", "coverage"],
      curves: [["perclos_60s", "warm", "60 s", share], ["perclos_180s", "violet", "180 s", share]] },
    { kind: "curves", name: "sleepiness", height: 72, low: 0, high: 1, marks: [[0.4, "40 %"]], area: ["sleepiness_coverage", "coverage"],
      ticks: drive.spans.long_blinks, curves: [["sleepiness", "warm", "by long and shallow blinks", share]] },
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
