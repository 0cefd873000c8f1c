// The film with its cues on top. A film that the browser can't play gets its sound and still pictures.

import { nodes } from "./markup.js";

const STILL_MS = 1500; // between two stills while the sound plays

export class Player extends EventTarget {
  constructor(store, server) {
    super();
    this.store = store;
    this.server = server;
    this.video = document.getElementById("player");
    this.still = document.getElementById("still");
    this.overlay = document.getElementById("overlay");
    this.note = document.getElementById("player-note");
    this.stillAt = -Infinity;
    this.shown = "";
    for (const name of ["seeked", "seeking", "timeupdate", "loadedmetadata"]) this.video.addEventListener(name, () => this.tick());
    this.video.addEventListener("play", () => this.run());
    store.addEventListener("changed", () => { this.shown = ""; this.tick(); });
    store.addEventListener("begun", () => { this.shown = ""; this.tick(); });
  }

  async open() {
    const about = await this.server.get(`${this.server.base}/media`).catch(() => null);
    this.about = about;
    if (about?.film.problem) { this.withoutPicture(about.film.problem, false); return; }
    const film = `${this.server.base}/media/film`;
    this.video.addEventListener("error", () => { if (this.video.src.endsWith("/media/film")) this.unplayable(); });
    this.video.addEventListener("loadedmetadata", () => { if (this.video.src.endsWith("/media/film") && !this.video.videoWidth && about?.film.kind.startsWith("video/")) this.unplayable(); });
    if (about && this.video.canPlayType(about.film.kind) === "" && !about.film.kind.includes("matroska")) this.unplayable();
    else this.video.src = film;
  }

  // The copy that a person has let be made, else sound and stills.
  unplayable() {
    if (this.about?.proxy) { this.playCopy(); return; }
    this.withoutPicture("This browser can't play this film. Here are its sound and still pictures.");
    this.dispatchEvent(new CustomEvent("unplayable"));
  }

  playCopy() {
    const at = this.video.currentTime;
    this.hasStills = false;
    this.still.hidden = true;
    document.getElementById("stage").className = "";
    this.video.addEventListener("loadedmetadata", () => { this.video.currentTime = at; }, { once: true });
    this.video.src = `${this.server.base}/media/proxy`;
    this.say("This is a small copy of the film.");
  }

  say(words) { this.note.textContent = words; }

  withoutPicture(why, hasStills = true) {
    if (this.about?.sound.problem) {
      this.note.textContent = `${why} ${this.about.sound.problem}`;
      return;
    }
    this.video.src = `${this.server.base}/media/sound`;
    this.note.textContent = why;
    if (hasStills) this.stills(why);
  }

  stills(why) {
    this.note.textContent = why;
    this.still.hidden = false;
    document.getElementById("stage").className = "stills";
    this.hasStills = true;
    this.still.addEventListener("load", () => { this.stillBusy = false; });
    this.still.addEventListener("error", () => { this.stillBusy = false; });
    this.tick();
  }

  get ms() { return Math.round(this.video.currentTime * 1000); }

  seek(ms) { this.video.currentTime = Math.max(0, ms / 1000); this.tick(); }

  toggle() { if (this.video.paused) this.video.play().catch(() => {}); else this.video.pause(); }

  // From the beginning of a cue to its end.
  playCue(cue) {
    this.until = cue.end;
    this.seek(cue.start);
    this.video.play().catch(() => {});
  }

  run() {
    const step = () => {
      this.tick();
      if (this.until && this.ms >= this.until) { this.until = 0; this.video.pause(); }
      if (!this.video.paused && !this.video.ended) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  tick() {
    const ms = this.ms;
    const cues = this.store.allAt(ms);
    const key = cues.map((cue) => cue.id).join(" ");
    if (key !== this.shown) {
      this.shown = key;
      this.overlay.replaceChildren(...cues.map((cue) => {
        const made = document.createElement("p");
        made.className = `place-${cue.alignment ?? 2}`;
        made.dir = "auto";
        made.append(nodes(cue.text));
        return made;
      }));
    }
    if (this.hasStills) this.picture(ms);
    this.dispatchEvent(new CustomEvent("moved", { detail: ms }));
  }

  picture(ms) {
    const step = this.video.paused ? 40 : STILL_MS;
    if (this.stillBusy || Math.abs(ms - this.stillAt) < step) return;
    this.stillBusy = true;
    this.stillAt = ms;
    this.still.src = `${this.server.base}/media/still?at=${(ms / 1000).toFixed(3)}`;
  }
}
