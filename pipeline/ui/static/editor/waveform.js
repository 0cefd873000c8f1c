// The sound around this moment, with speech and cues. Drawn from peaks that were made beforehand: nothing is decoded
// here, and only what is shown is drawn, so that a long film costs as little as a short one.

import { words } from "./server.js";

const HANDLE = 7; // pixels around a cue's end that take hold of it
const BAND = 14; // pixels for speech at the bottom

export class Waveform {
  constructor(canvas, store, server) {
    this.canvas = canvas;
    this.store = store;
    this.server = server;
    this.peaks = null;
    this.speech = [];
    this.seconds = 16;
    this.ms = 0;
    this.held = null;
    this.mayEdit = false;
    for (const name of ["changed", "begun", "selected"]) store.addEventListener(name, () => this.draw());
    new ResizeObserver(() => this.fit()).observe(canvas.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    canvas.addEventListener("pointerdown", (event) => this.take(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.leave(event));
    canvas.addEventListener("pointercancel", () => { this.held = null; this.draw(); });
  }

  async open(about) {
    const note = document.getElementById("wave-note");
    if (about?.peaks.problem) {
      note.textContent = `There is no waveform. ${about.peaks.problem}`;
      return;
    }
    note.textContent = "The waveform comes in a moment…";
    const answer = await fetch(`${this.server.base}/media/peaks`).catch(() => null);
    if (answer?.ok) this.peaks = new Int8Array(await answer.arrayBuffer());
    else note.textContent = `There is no waveform of this film${answer ? `: ${await words(answer)}` : ""}`;
    this.loudest = Math.max(16, (this.peaks ?? []).reduce((most, each) => Math.max(most, Math.abs(each)), 0)); // a quiet film has a waveform, too
    const told = await this.server.get(`${this.server.base}/media/speech`).catch(() => ({ speech: [] }));
    this.speech = told.speech.map(([start, end]) => [1000 * start, 1000 * end]);
    if (this.peaks) note.textContent = this.speech.length ? "Hatched at the bottom: speech." : "";
    this.draw();
  }

  fit() {
    this.canvas.width = Math.max(100, Math.round(this.canvas.parentElement.clientWidth * devicePixelRatio));
    this.canvas.height = Math.round(110 * devicePixelRatio);
    this.draw();
  }

  get from() { return this.ms - 500 * this.seconds; }

  x(ms) { return (ms - this.from) / (1000 * this.seconds) * this.canvas.width; }

  time(event) {
    const box = this.canvas.getBoundingClientRect();
    return this.from + (event.clientX - box.left) / box.width * 1000 * this.seconds;
  }

  show(ms) {
    if (this.held || ms === this.ms) return;
    this.ms = ms;
    this.draw();
  }

  draw() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => { this.asked = 0; this.paint(); });
  }

  paint() {
    const context = this.canvas.getContext("2d"), { width, height } = this.canvas;
    const style = getComputedStyle(document.body), colour = (name) => style.getPropertyValue(name);
    const band = BAND * devicePixelRatio;
    context.fillStyle = colour("--soft");
    context.fillRect(0, 0, width, height);
    this.paintCues(context, colour, height - band);
    this.paintPeaks(context, colour("--ink"), height - band);
    this.paintSpeech(context, colour("--good"), height - band, band);
    context.fillStyle = colour("--bad");
    context.fillRect(this.x(this.ms) - devicePixelRatio, 0, 2 * devicePixelRatio, height);
  }

  paintPeaks(context, colour, height) {
    if (!this.peaks) return;
    context.fillStyle = colour;
    const { width } = this.canvas, perPixel = this.seconds * 100 / width;
    for (let x = 0; x < width; x += 1) {
      const first = Math.floor(this.from / 10 + x * perPixel), last = Math.max(first + 1, Math.ceil(this.from / 10 + (x + 1) * perPixel));
      let low = 0, high = 0;
      for (let index = Math.max(0, first); index < last && 2 * index + 1 < this.peaks.length; index += 1) {
        low = Math.min(low, this.peaks[2 * index]);
        high = Math.max(high, this.peaks[2 * index + 1]);
      }
      const middle = height / 2;
      context.fillRect(x, middle - high / this.loudest * middle, 1, Math.max(1, (high - low) / this.loudest * middle));
    }
  }

  paintSpeech(context, colour, top, height) {
    context.strokeStyle = colour;
    context.lineWidth = devicePixelRatio;
    for (const [start, end] of this.speech) {
      const left = Math.max(0, this.x(start)), right = Math.min(this.canvas.width, this.x(end));
      if (right <= left) continue;
      context.strokeRect(left, top + 1, right - left, height - 2);
      context.beginPath();
      for (let x = left; x + height < right; x += 6 * devicePixelRatio) { context.moveTo(x, top + height); context.lineTo(x + height, top); }
      context.stroke();
    }
  }

  paintCues(context, colour, height) {
    context.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    for (const cue of this.cues()) {
      const left = this.x(cue.start), right = this.x(cue.end), isSelected = cue.id === this.store.selected;
      context.globalAlpha = isSelected ? 0.35 : 0.15;
      context.fillStyle = colour("--link");
      context.fillRect(left, 0, right - left, height);
      context.globalAlpha = 1;
      const edge = (isSelected ? 3 : 1) * devicePixelRatio;
      context.fillRect(left, 0, edge, height);
      context.fillRect(right - edge, 0, edge, height);
      context.save();
      context.beginPath();
      context.rect(left, 0, right - left, height);
      context.clip();
      context.fillStyle = colour("--ink");
      context.fillText(cue.text.replace(/<\/?[biu]>/g, "").replace("\n", " "), left + 6 * devicePixelRatio, 14 * devicePixelRatio);
      context.restore();
    }
  }

  // With the one that is being dragged as it is now.
  cues() {
    const cues = this.store.between(this.from, this.from + 1000 * this.seconds);
    return this.held ? cues.map((cue) => cue.id === this.held.cue.id ? this.held.cue : cue) : cues;
  }

  grip(event) {
    const at = this.time(event), reach = HANDLE / this.canvas.getBoundingClientRect().width * 1000 * this.seconds;
    const near = this.cues().flatMap((cue) => ["start", "end"].map((end) => ({ cue, end, far: Math.abs(cue[end] - at) })));
    const own = near.filter(({ far }) => far <= reach).sort((one, two) => (two.cue.id === this.store.selected) - (one.cue.id === this.store.selected) || one.far - two.far);
    return own[0] ?? null;
  }

  take(event) {
    const grip = this.mayEdit ? this.grip(event) : null;
    if (!grip) {
      this.canvas.dispatchEvent(new CustomEvent("seek", { detail: this.time(event) }));
      return;
    }
    this.store.select(grip.cue.id, "user");
    this.held = { cue: { ...grip.cue }, end: grip.end };
    this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.held) {
      this.canvas.classList.toggle("grip", this.mayEdit && this.grip(event) !== null);
      return;
    }
    const { cue, end } = this.held;
    const place = this.store.indexOf(cue.id), row = (each) => Math.floor(((each?.alignment ?? 2) - 1) / 3);
    const before = this.store.ordered.slice(0, place).findLast((each) => row(each) === row(cue)), after = this.store.ordered.slice(place + 1).find((each) => row(each) === row(cue));
    const at = Math.round(this.time(event));
    if (end === "start") cue.start = Math.max(Math.min(before?.end ?? 0, this.store.byId.get(cue.id).start), Math.min(at, cue.end - 40));
    else cue.end = Math.min(Math.max(after?.start ?? Infinity, this.store.byId.get(cue.id).end), Math.max(at, cue.start + 40));
    this.draw();
  }

  leave() {
    if (!this.held) return;
    const { cue } = this.held;
    this.held = null;
    this.canvas.dispatchEvent(new CustomEvent("times", { detail: cue }));
    this.draw();
  }
}
