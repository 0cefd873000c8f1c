// The cues that the page shows, in order of time, and what listeners hear of changes.

export class Store extends EventTarget {
  constructor() {
    super();
    this.byId = new Map();
    this.ordered = [];
    this.words = {};
    this.selected = null;
    this.about = {};
    this.kept = new Map(); // cues as the server has them, of those that are shown as other ones already
  }

  begin(told) {
    this.about = told;
    this.words = told.words;
    this.kept.clear();
    this.byId = new Map(told.cues.map((cue) => [cue.id, cue]));
    this.sort();
    if (!this.byId.has(this.selected)) this.selected = this.ordered[0]?.id ?? null;
    this.tell("begun");
    this.tell("selected", { by: "begin" });
  }

  // What the server says of a change: cues that are new or other ones, and ids that are gone.
  apply(told) {
    for (const name of ["base", "revision", "undoable", "redoable", "changed"]) if (name in told) this.about[name] = told[name];
    const gone = told.gone.filter((id) => this.byId.has(id));
    const changed = told.cues.filter((cue) => !same(cue, this.byId.get(cue.id)));
    const place = this.indexOf(this.selected);
    gone.forEach((id) => this.byId.delete(id));
    told.cues.forEach((cue) => this.kept.delete(cue.id));
    changed.forEach((cue) => this.byId.set(cue.id, cue));
    if (gone.length || changed.length) this.sort();
    this.tell("changed", { gone, changed });
    if (!this.byId.has(this.selected)) this.select(this.ordered[Math.min(place, this.ordered.length - 1)]?.id ?? null, "change");
    else if (changed.some((cue) => cue.id === this.selected)) this.tell("selected", { by: "change" });
  }

  // Shown at once, before the server has answered.
  expect(cue) {
    if (!this.kept.has(cue.id)) this.kept.set(cue.id, this.byId.get(cue.id));
    this.byId.set(cue.id, cue);
    this.sort();
    this.tell("changed", { gone: [], changed: [cue] });
  }

  // What was shown and isn't kept, since the server has refused it.
  restore() {
    const cues = [...this.kept.values()].filter((cue) => cue && this.byId.has(cue.id));
    this.kept.clear();
    this.apply({ gone: [], cues });
  }

  select(id, by) {
    if (id === this.selected && by !== "user") return;
    this.selected = id;
    this.tell("selected", { by });
  }

  get current() { return this.byId.get(this.selected); }

  indexOf(id) { return this.ordered.findIndex((cue) => cue.id === id); }

  // The cue that is shown at this moment, or null.
  at(ms) {
    let low = 0, high = this.ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ordered[middle].start <= ms) low = middle + 1; else high = middle;
    }
    for (let index = low - 1; index >= Math.max(0, low - 4); index -= 1) if (this.ordered[index].end > ms) return this.ordered[index];
    return null;
  }

  // All that are shown at this moment.
  allAt(ms) {
    const last = this.at(ms);
    if (!last) return [];
    const place = this.ordered.indexOf(last);
    return this.ordered.slice(Math.max(0, place - 4), place + 1).filter((cue) => cue.start <= ms && ms < cue.end);
  }

  between(from, to) { return this.ordered.filter((cue) => cue.end > from && cue.start < to); }

  speakers() { return [...new Set(this.ordered.flatMap((cue) => (cue.speaker ?? "").split(" / ")).filter(Boolean))].sort(); }

  sort() { this.ordered = [...this.byId.values()].sort((one, two) => one.start - two.start || one.end - two.end); }

  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

const same = (one, two) => two !== undefined && ["start", "end", "text", "speaker", "alignment"].every((name) => one[name] === two[name]);
