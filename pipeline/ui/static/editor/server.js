// What goes to the server: one edit after the other, each of which is kept there before the next one goes. Edits that
// can't be sent stay here, in the browser's own store too, and are sent as soon as that works.

const AGAIN_MS = 3000;

export class Server extends EventTarget {
  constructor(root, job, track, store) {
    super();
    this.base = `${root}/jobs/${encodeURIComponent(job)}`;
    this.track = `${this.base}/subtitles/${encodeURIComponent(track)}`;
    this.store = store;
    this.key = `pipeline-unsaved ${job} ${track}`;
    this.queue = [];
    this.busy = false;
    this.problem = "";
    this.unsent = null; // a text that is being typed
    this.held = () => null; // the id of the cue in whose text somebody is
  }

  token() { return document.querySelector("meta[name=pipeline-token]")?.content ?? ""; }

  async get(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(await words(answer));
    return answer.json();
  }

  post(address, body) {
    const headers = { "X-Pipeline-Token": this.token(), "Content-Type": "application/json" };
    const text = JSON.stringify(body);
    return fetch(address, { method: "POST", headers, body: text, keepalive: text.length < 30000 }); // also when the page is closed
  }

  // Resolves with what the server says, or null where it refuses.
  // ``seen``: the base and revision that the person saw, where that isn't what the page shows by now.
  edit(operation, address = "edits", more = {}, seen = null) {
    return new Promise((resolve) => {
      this.queue.push({ operation, address, more, seen, resolve });
      this.keep();
      this.state();
      this.send();
    });
  }

  // Edits that an earlier page of this browser couldn't send.
  left() {
    try { return JSON.parse(localStorage.getItem(this.key) ?? "[]"); } catch { return []; }
  }

  keep() {
    const { base, revision } = this.store.about;
    try {
      if (this.queue.length) localStorage.setItem(this.key, JSON.stringify(this.queue.map(({ operation, address, more }) => ({ operation, address, more, seen: { base, revision } }))));
      else localStorage.removeItem(this.key);
    } catch { /* a browser without a store: the queue is still in the page */ }
  }

  async send() {
    if (this.busy || !this.queue.length) return;
    this.busy = true;
    clearTimeout(this.timer);
    const item = this.queue[0];
    try {
      const { base, revision } = item.seen ?? this.store.about;
      const answer = await this.post(`${this.track}/${item.address}`, { base, revision, ...(item.operation ? { operation: item.operation } : {}), ...item.more });
      await this.answered(item, answer);
    } catch {
      this.later("the server doesn't answer. Is `pipeline ui` still running?");
    } finally {
      this.busy = false;
    }
    this.state();
    if (!this.problem && this.queue.length) this.send();
  }

  async answered(item, answer) {
    if (answer.status === 403 && await this.renewed()) return;
    if (answer.status === 403 || answer.status >= 500) {
      this.later(await words(answer));
      return;
    }
    this.problem = "";
    const told = await answer.json().catch(() => ({ message: answer.statusText }));
    this.queue.shift();
    this.keep();
    if (answer.ok) this.store.apply(told);
    if (answer.status === 409) {
      if (told.reload) this.dispatchEvent(new CustomEvent("reload"));
      else this.store.apply(told);
      this.dispatchEvent(new CustomEvent("conflict", { detail: { told, operation: item.operation } }));
    } else if (!answer.ok) this.dispatchEvent(new CustomEvent("refused", { detail: { message: told.message, operation: item.operation } }));
    item.resolve(answer.ok ? told : null);
  }

  // A server that was started again has another token; the browser may have its cookie by now.
  async renewed() {
    const answer = await fetch(location.href);
    if (!answer.ok) return false;
    const meta = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("meta[name=pipeline-token]");
    if (!meta || meta.content === this.token()) return false;
    document.querySelector("meta[name=pipeline-token]").content = meta.content;
    return true;
  }

  // What others have made of the cues since. An edit of this page that is under way brings it, too. A text in which
  // somebody is stays as it is until they leave it, or are told of the conflict.
  async catchUp() {
    const { base, revision } = this.store.about;
    if (!base) return;
    this.isBehind = this.unsaved;
    if (this.isBehind) return;
    const told = await this.get(`${this.track}/changes?${new URLSearchParams({ base, revision })}`).catch(() => null);
    if (!told || this.unsaved || this.store.about.base !== base || this.store.about.revision !== revision) return;
    const held = this.held();
    this.isBehind = held !== null && !told.reload && (told.gone.includes(held) || told.cues.some((cue) => cue.id === held));
    if (this.isBehind) return;
    if (told.reload) this.dispatchEvent(new CustomEvent("reload"));
    else if (told.revision !== revision) this.store.apply(told);
    this.state();
  }

  later(why) {
    this.problem = why;
    this.timer = setTimeout(() => { this.problem = ""; this.send(); }, AGAIN_MS);
  }

  state() {
    this.dispatchEvent(new CustomEvent("state"));
    if (this.isBehind && !this.unsaved) this.catchUp();
  }

  get unsaved() { return this.queue.length > 0 || this.unsent !== null; }
}

export const words = async (answer) => {
  const text = await answer.text();
  try { return JSON.parse(text).message; } catch { /* a page */ }
  return new DOMParser().parseFromString(text, "text/html").querySelector("p:not(.dim)")?.textContent ?? answer.statusText;
};
