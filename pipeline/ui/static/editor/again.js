// "Recognise this again" and "translate this again": a part of the film is done again by the job's own stage, and what
// comes of it is shown beside what is there. Only a person makes it an edit.

import { ask, choose } from "./dialogs.js";
import { shown } from "./clock.js";

const WORDS = { recognise: "Recognise this again", translate: "Translate this again" };

export class Again {
  constructor(store, server, events, form, say) {
    this.store = store;
    this.server = server;
    this.events = events;
    this.form = form;
    this.say = say;
    this.place = document.getElementById("again");
    store.addEventListener("begun", () => this.offer());
  }

  offer() {
    const kind = this.store.about.again;
    if (!this.store.about.edits || !kind || this.place.firstChild) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = WORDS[kind];
    button.addEventListener("click", () => this.wish(kind));
    this.place.append(button);
  }

  async wish(kind) {
    await this.form.keep();
    const cue = this.store.current;
    if (!cue) return;
    const wish = await ask(WORDS[kind], [
      { name: "start", label: "From (seconds)", value: (cue.start / 1000).toFixed(3) },
      { name: "end", label: "To (seconds)", value: (cue.end / 1000).toFixed(3) },
      { name: "model", label: "Model, if not the same" },
      ...(kind === "recognise" ? [{ name: "language", label: "Language, such as en, if not the same" }, { name: "prompt", label: "Names and words to expect" }] : []),
    ]);
    if (!wish) return;
    const [start, end] = [Number(wish.start), Number(wish.end)];
    if (!(end > start)) { this.say("Say from when to when, in seconds."); return; }
    try {
      const proposal = await this.events.awaited("proposal", () => this.begin(kind, wish, start, end));
      if (proposal) await this.come(proposal);
    } catch {
      this.say("The server doesn't answer.");
    }
  }

  // The id of what is being made, or null.
  async begin(kind, wish, start, end) {
    const answer = await this.server.post(`${this.server.track}/${kind}`, { ...wish, start, end });
    const told = await answer.json().catch(() => ({ message: "This can't be done again." }));
    this.say(answer.ok ? `${shown(1000 * start)} is being done again. What comes of it is shown here.` : told.message);
    return answer.ok ? told.id : null;
  }

  async come(proposal) {
    if (proposal.problem) { this.say(`${proposal.problem} ${proposal.next}`); return; }
    const passages = proposal.passages.filter((each) => each.before.length || each.after.length);
    if (!passages.length) { this.say("It says the same as before."); return; }
    this.say("");
    const text = (cues) => cues.map((cue) => cue.text).join("\n") || "(nothing)";
    const taken = await choose("This is what it says now", passages.map((each) => [text(this.now(each)), text(each.after)]));
    for (const number of taken ?? []) await this.take(passages[number]);
  }

  // The cues of the draft at the time of a passage.
  now({ before, after }) {
    const all = [...before, ...after];
    const from = 1000 * Math.min(...all.map((cue) => cue.start)), to = 1000 * Math.max(...all.map((cue) => cue.end));
    return this.store.ordered.filter((cue) => from <= (cue.start + cue.end) / 2 && (cue.start + cue.end) / 2 < to);
  }

  async take(passage) {
    const cues = passage.after.map(({ start, end, ...more }) => ({ id: "", start: Math.round(1000 * start), end: Math.round(1000 * end), ...more }));
    const told = await this.server.edit({ do: "proposal", ids: this.now(passage).map((cue) => cue.id), cues });
    if (told && cues.length) this.store.select(told.cues[0]?.id ?? this.store.selected, "user");
  }
}
