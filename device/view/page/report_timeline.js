// The time lines of the page: zoom, pan, selection, keys, links and printing.

class Timeline extends TimelineDrawing {
  constructor(root, drive) {
    super();
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

  // -- interaction

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
    // One finger pans, two zoom.
    const others = [...pointers.entries()].filter(([id]) => id !== event.pointerId);
    if (others.length) {
      const apart = Math.abs(event.clientX - others[0][1]);
      const earlier = Math.abs(event.clientX - moved - others[0][1]);
      if (apart > 10 && earlier > 10) this.zoom(earlier / apart, this.time((event.clientX + others[0][1]) / 2 - this.main.getBoundingClientRect().left));
    } else this.pan(-moved / this.main.clientWidth);
    pointers.set(event.pointerId, event.clientX);
  }
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
