// The fields of the selected cue. What is typed is kept after a short pause, and before anything else happens.

import { parsed, shown } from "./clock.js";
import { plain } from "./markup.js";

const PAUSE_MS = 500;

// As the server keeps a text: without empty lines and spaces that say nothing.
const tidy = (text) => text.split("\n").map((line) => line.split(/\s+/).filter(Boolean).join(" ")).filter(Boolean).join("\n");

export class CueForm {
  constructor(store, server, say) {
    this.store = store;
    this.server = server;
    this.say = say;
    this.text = document.getElementById("text");
    this.start = document.getElementById("start");
    this.end = document.getElementById("end");
    this.speaker = document.getElementById("speaker");
    this.id = null;
    store.addEventListener("selected", ({ detail }) => this.fill(detail.by));
    store.addEventListener("begun", () => this.names());
    store.addEventListener("changed", ({ detail }) => { if (detail.changed.length || detail.gone.length) this.names(); });
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("blur", async () => { await this.keep(); server.state(); });
    server.held = () => document.activeElement === this.text ? this.id : null;
    document.addEventListener("visibilitychange", () => this.keep());
    addEventListener("pagehide", () => this.keep());
    for (const field of [this.start, this.end]) field.addEventListener("change", () => this.times());
    this.speaker.addEventListener("change", () => this.named());
  }

  fill(by) {
    const cue = this.store.current;
    const isTyping = cue?.id === this.id && document.activeElement === this.text && by === "change";
    if (isTyping && (this.server.unsent !== null || tidy(this.text.value) === cue.text)) { this.facts(); return; }
    if (cue?.id !== this.id) this.keep();
    this.id = cue?.id ?? null;
    this.text.value = cue?.text ?? "";
    this.speaker.value = cue?.speaker ?? "";
    this.start.value = cue ? shown(cue.start) : "";
    this.end.value = cue ? shown(cue.end) : "";
    document.getElementById("cue-title").textContent = cue ? `Cue ${this.store.indexOf(cue.id) + 1} of ${this.store.ordered.length}` : "No cue";
    for (const field of [this.text, this.speaker, this.start, this.end]) field.disabled = !cue;
    this.facts();
  }

  facts() {
    const cue = this.store.current;
    if (!cue) { document.getElementById("cue-facts").textContent = ""; return; }
    const text = plain(this.text.value), seconds = (cue.end - cue.start) / 1000;
    const longest = Math.max(...text.split("\n").map((line) => [...line].length));
    document.getElementById("cue-facts").textContent = `${seconds.toFixed(2)} s, ${([...text.replace(/\n/g, " ")].length / Math.max(0.001, seconds)).toFixed(1)} characters a second, longest line ${longest}`;
    if (document.activeElement !== this.start) this.start.value = shown(cue.start);
    if (document.activeElement !== this.end) this.end.value = shown(cue.end);
  }

  names() {
    const names = this.store.speakers();
    if (names.join("\n") === this.known) return;
    this.known = names.join("\n");
    document.getElementById("speakers").replaceChildren(...names.map((name) => new Option(name, name)));
  }

  typed() {
    clearTimeout(this.timer);
    this.server.unsent = this.text.value;
    this.server.state();
    this.facts();
    this.timer = setTimeout(() => this.keep(), PAUSE_MS);
  }

  // Whatever is typed and not on its way yet. Resolves when the server has it, or refuses it.
  async keep() {
    clearTimeout(this.timer);
    if (this.server.unsent === null) return;
    const cue = this.store.byId.get(this.id), text = this.text.value;
    this.server.unsent = null;
    if (!cue || tidy(text) === cue.text) { this.server.state(); return; }
    if (!plain(text).trim()) {
      this.say("A cue needs some text. Delete the cue if nothing is to be shown.");
      this.server.state();
      return;
    }
    this.store.expect({ ...cue, text: tidy(text) });
    await this.server.edit({ do: "text", id: cue.id, text });
  }

  times() {
    const cue = this.store.current, start = parsed(this.start.value), end = parsed(this.end.value);
    if (!cue) return;
    if (start === null || end === null) { this.say("Write a time as 1:02:03.450 or 62.5."); return; }
    if (start !== cue.start || end !== cue.end) this.server.edit({ do: "times", id: cue.id, start, end });
  }

  async named() {
    const cue = this.store.current;
    await this.keep();
    if (cue && this.speaker.value.trim() !== (cue.speaker ?? "")) this.server.edit({ do: "speaker", ids: [cue.id], speaker: this.speaker.value });
  }

  // Where the text would be cut: at the caret, where somebody types; else where the film is.
  offset(ms) {
    const cue = this.store.current;
    if (document.activeElement === this.text) return { offset: this.text.selectionStart, at: null };
    const words = this.store.words[cue.id], text = cue.text;
    const starts = [...text.matchAll(/\S+/g)].map((word) => word.index);
    const share = (ms - cue.start) / (cue.end - cue.start) * text.length;
    const known = words?.length === starts.length ? words.findIndex(([start]) => start >= ms - 50) : -1;
    const offset = known > 0 ? starts[known] : starts.slice(1).sort((one, two) => Math.abs(one - share) - Math.abs(two - share))[0] ?? 0;
    return { offset, at: ms > cue.start && ms < cue.end ? Math.round(ms) : null };
  }
}
