// The list of cues: a row for each, in blocks that the browser only lays out when they come into view.

import { RowBlocks } from "./blocks.js";
import { nodes } from "./markup.js";
import { shown } from "./clock.js";

export class CueList {
  constructor(element, store) {
    this.element = element;
    this.store = store;
    this.rows = new Map();
    this.blocks = new RowBlocks(element);
    this.marks = new Map();
    this.beside = [];
    this.current = null;
    store.addEventListener("begun", () => this.fill());
    store.addEventListener("changed", ({ detail }) => this.change(detail));
    store.addEventListener("selected", ({ detail }) => this.select(detail.by));
    element.addEventListener("click", (event) => this.click(event));
  }

  fill() {
    this.rows.clear();
    this.blocks.fill(this.store.ordered.map((cue) => this.row(cue)));
    this.chosen = null;
    this.numbered = null;
    this.count();
  }

  row(cue) {
    const row = document.createElement("div");
    row.className = "cue";
    row.id = `cue-${cue.id}`;
    row.dataset.id = cue.id;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    this.rows.set(cue.id, row);
    this.content(row, cue);
    return row;
  }

  content(row, cue) {
    const piece = (name, ...content) => {
      const made = document.createElement("span");
      made.className = name;
      made.append(...content);
      return made;
    };
    const mark = this.marks.get(cue.id);
    const text = piece("text", nodes(cue.text));
    text.dir = "auto";
    const head = piece("head", piece("time", shown(cue.start), " – ", shown(cue.end)), " ");
    if (mark) head.append(piece("mark", "⚠ look"), " ");
    if (cue.speaker) head.append(piece("speaker", cue.speaker, ":"), " ");
    row.replaceChildren(head, text);
    const other = this.beside.filter((each) => Math.min(each.end, cue.end) - Math.max(each.start, cue.start) > 0.3 * Math.min(each.end - each.start, cue.end - cue.start));
    if (other.length) {
      const translated = piece("beside", other.map((each) => each.text.replace(/<\/?[biu]>/g, "")).join("\n"));
      translated.dir = "auto";
      row.append(translated);
    }
    if (mark) row.title = mark.join("\n"); else row.removeAttribute("title");
  }

  change({ gone, changed }) {
    gone.forEach((id) => { if (this.rows.has(id)) this.blocks.remove(this.rows.get(id)); this.rows.delete(id); });
    for (const cue of changed) {
      const known = this.rows.get(cue.id);
      if (known) this.content(known, cue); else this.row(cue);
    }
    const places = new Map(this.store.ordered.map((cue, place) => [cue.id, place]));
    for (const cue of [...changed].sort((one, two) => places.get(two.id) - places.get(one.id))) { // each before one that has its place
      const place = places.get(cue.id);
      const before = this.rows.get(this.store.ordered[place + 1]?.id) ?? null;
      this.blocks.insert(this.rows.get(cue.id), before);
    }
    this.numbered = null;
    if (gone.length || changed.length) this.count();
  }

  count() { document.getElementById("cue-count").textContent = `(${this.store.ordered.length})`; }

  select(by) {
    const row = this.rows.get(this.store.selected) ?? null;
    if (row !== this.chosen) this.chosen?.setAttribute("aria-selected", "false");
    this.chosen = row;
    if (!row) { this.element.removeAttribute("aria-activedescendant"); return; }
    row.setAttribute("aria-selected", "true");
    this.element.setAttribute("aria-activedescendant", row.id);
    this.number(row.parentNode);
    if (by !== "change") this.reveal(row);
  }

  // A screen reader knows the rows of the blocks in view alone: it is told which of all cues each is.
  number(block) {
    if (this.numbered === block) return;
    this.numbered = block;
    const first = this.store.indexOf(block.firstElementChild.dataset.id);
    [...block.children].forEach((row, place) => {
      row.setAttribute("aria-posinset", first + place + 1);
      row.setAttribute("aria-setsize", this.store.ordered.length);
    });
  }

  // Only the list scrolls, never the page.
  reveal(row) {
    const box = this.element.getBoundingClientRect(), own = row.getBoundingClientRect();
    const margin = Math.min(60, box.height / 4);
    if (own.top < box.top + margin || own.bottom > box.bottom - margin) this.element.scrollTop += own.top - box.top - box.height / 3;
  }

  // The cue that is spoken now has a sign, and says so to a screen reader.
  now(cue) {
    const id = cue?.id ?? null;
    if (id === this.current) return;
    this.rows.get(this.current)?.removeAttribute("aria-current");
    this.current = id;
    this.rows.get(id)?.setAttribute("aria-current", "true");
  }

  look(marks) {
    const words = (known, id) => known.get(id)?.join("\n");
    const changed = [...new Set([...marks.keys(), ...this.marks.keys()])].filter((id) => words(marks, id) !== words(this.marks, id));
    this.marks = marks;
    for (const id of changed) if (this.rows.has(id) && this.store.byId.has(id)) this.content(this.rows.get(id), this.store.byId.get(id));
  }

  side(cues) {
    this.beside = cues;
    this.element.classList.toggle("two", cues.length > 0);
    for (const [id, row] of this.rows) this.content(row, this.store.byId.get(id));
  }

  click(event) {
    const row = event.target.closest(".cue");
    if (!row) return;
    const cue = this.store.byId.get(row.dataset.id);
    this.store.select(cue.id, "user");
    this.element.dispatchEvent(new CustomEvent("seek", { detail: this.timeOf(cue, row, event) }));
  }

  // When the word is spoken that was clicked: as recognised, or by its place in the text.
  timeOf(cue, row, event) {
    const text = row.querySelector(".text");
    const place = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const node = place?.offsetNode ?? null;
    if (!text.contains(event.target) && event.target !== text || !node || !text.contains(node)) return cue.start;
    const before = document.createRange();
    before.setStart(text, 0);
    before.setEnd(node, place.offset);
    const offset = before.toString().length;
    const words = this.store.words[cue.id];
    const number = text.textContent.slice(0, offset).split(/\s+/).length - 1;
    const spoken = text.textContent.split(/\s+/).filter(Boolean).length === words?.length ? words[number] : null;
    if (spoken && spoken[0] >= cue.start - 500 && spoken[0] < cue.end) return spoken[0];
    return cue.start + (cue.end - cue.start) * offset / Math.max(1, text.textContent.length);
  }
}
