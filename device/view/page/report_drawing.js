// Drawing of a time line: lanes, axis, labels, and the strip with the whole drive.

class TimelineDrawing {
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
    if (lane.ticks) this.ticks(pen, lane.ticks, bottom);
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
    // On paper there is no pointer to read values with: the ends of the axis are printed.
    const say = lane.curves[0][3];
    halo(pen, say(lane.high), this.width - 4, top + 4, "dim", "right");
    halo(pen, say(lane.low), this.width - 4, bottom, "dim", "right");
  }

  cells(curve, draw) {
    // The level with about one cell per pixel, and its cells in view.
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
    // A translucent bar from minimum to maximum in each column of pixels, and their mean: much faster than a long line.
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
    // The coverage of PERCLOS: an area from below, as high as the share.
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
      // Zoomed out, blinks are left out and long closures stay.
      if (wide > 0.8 || end - start >= 0.5) pen.fillRect(this.x(start), top, Math.max(1.5, wide), bottom - top);
    }
    pen.globalAlpha = 1;
  }

  ticks(pen, spans, bottom) {
    // A stroke for each moment, however short, so that a pile of them is seen as one.
    pen.fillStyle = colour("violet");
    for (const [start, end] of spans) {
      if (end < this.view[0] || start > this.view[1]) continue;
      pen.fillRect(this.x(start), bottom - 9, Math.max(1.5, this.x(end) - this.x(start)), 9);
    }
  }

  unseen(pen, bottom) {
    // Times without a recording are hatched over all lanes.
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
    // What moves with the pointer, over the stored drawing.
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
