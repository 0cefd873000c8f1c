// The list of what deserves a look, kept up to date some time after the last change.

import { shown } from "./clock.js";

const PAUSE_MS = 1500;

export class Attention {
  constructor(store, server, list, go) {
    this.store = store;
    this.server = server;
    this.list = list;
    this.go = go;
    this.points = [];
    this.place = -1;
    store.addEventListener("changed", ({ detail }) => { if (detail.changed.length || detail.gone.length) this.later(); });
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), PAUSE_MS);
  }

  async open() {
    const count = document.getElementById("attention-count");
    let told;
    try {
      told = await this.server.get(`${this.server.track}/attention`);
    } catch (error) {
      count.textContent = `not known: ${error.message}`;
      return;
    }
    this.points = told.points;
    count.textContent = `${told.points.length} ${told.points.length === 1 ? "place" : "places"}`;
    document.getElementById("points").replaceChildren(...told.points.slice(0, 500).map((point, number) => this.line(point, number)));
    const marks = new Map();
    for (const point of told.points) if (point.cue) marks.set(point.cue, [...(marks.get(point.cue) ?? []), point.why]);
    this.list.look(marks);
  }

  line(point, number) {
    const line = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.textContent = `${shown(point.at)} ${point.why}`;
    button.addEventListener("click", () => { this.place = number; this.go(point); });
    line.append(button);
    return line;
  }

  // From where the person is now: places may have come and gone.
  step(ms, direction) {
    if (!this.points.length) return null;
    const ordered = direction > 0 ? this.points : [...this.points].reverse();
    const last = this.last;
    const isBeyond = (point) => direction > 0 ? point.at > ms : point.at < ms;
    const at = ordered.findIndex((point) => last && point.at === last.at && point.why === last.why);
    const point = (at >= 0 && Math.abs(ms - last.at) < 50 ? ordered[at + 1] : ordered.find(isBeyond)) ?? ordered[0];
    this.last = point;
    this.go(point);
    return point;
  }
}
