// Tones of alerts, in the pitch and the rhythm of `--sound`. Browsers play nothing before the page was touched once.
"use strict";

const RAMP_S = 0.005;
const LOUDNESS = 0.5;
let wanted = false;
let audio = null;
let loudness = null;
let tone = null;
let toneOf = "";

function startSounding() {
  $("sound").addEventListener("click", async () => {
    if (!audio) {
      audio = new AudioContext();
      loudness = new GainNode(audio, { gain: LOUDNESS });
      loudness.connect(audio.destination);
      audio.addEventListener("statechange", showSounding);
    }
    wanted = !wanted;
    await (wanted ? audio.resume() : audio.suspend());
    showSounding();
  });
}

function showSounding() {
  const on = audio.state === "running";
  $("sound").textContent = on ? "Sound on" : "Sound off";
  $("sound").setAttribute("aria-pressed", on);
  if (on && newest) sound(newest.level, newest.says);
}

function sound(level, says) {
  const of = `${level} ${says}`;
  if (!audio || of === toneOf) return;
  toneOf = of;
  if (tone) tone.stop();
  tone = null;
  const known = about.tones && about.tones[level];
  if (!known) return;
  tone = new AudioBufferSourceNode(audio, { buffer: period(known), loop: !known.once });
  tone.connect(loudness);
  tone.start();
}

function period({ pitch_hz, on_s, off_s }) {
  // A tone that is never off has no ramps: its whole number of waves joins without a click.
  const rate = audio.sampleRate;
  const buffer = audio.createBuffer(1, Math.round((on_s + off_s) * rate), rate);
  const samples = buffer.getChannelData(0);
  const steady = off_s === 0 && on_s >= 1;
  for (let i = 0; i < on_s * rate; i += 1) {
    const edge = steady ? 1 : Math.min(1, i / rate / RAMP_S, (on_s - i / rate) / RAMP_S);
    samples[i] = edge * Math.sin(2 * Math.PI * pitch_hz * i / rate);
  }
  return buffer;
}
