// What the job's event stream tells, for all parts of the page: one connection, which is open as long as somebody can
// see the page or awaits something. A browser has few connections to a server, and a person many tabs.

const KINDS = ["stages", "proposal", "proxy", "film", "drafts", "ended"];
const AGAIN_MS = 5000;

export class JobEvents extends EventTarget {
  constructor(server) {
    super();
    this.address = `${server.base}/events`;
    this.awaiting = 0;
    document.addEventListener("visibilitychange", () => this.suit());
    addEventListener("focus", () => this.suit());
    this.suit();
  }

  suit() {
    if (document.visibilityState === "visible" || this.awaiting) this.open();
    else if (this.source) { this.source.close(); this.source = null; }
  }

  open() {
    if (this.source) return;
    const source = this.source = new EventSource(this.address);
    this.opened = new Promise((resolve, reject) => {
      source.addEventListener("open", resolve);
      source.addEventListener("error", () => {
        if (source.readyState !== EventSource.CLOSED) return; // the browser tries it again by itself
        reject(new Error("the server doesn't answer"));
        if (this.source === source) this.source = null;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.suit(), AGAIN_MS);
      });
    });
    this.opened.catch(() => {});
    for (const name of KINDS) source.addEventListener(name, (message) => this.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(message.data) })));
  }

  // ``ask`` sends a wish and gives its id, or null where it is refused. Resolves with what the event of this kind says of
  // it. Events are heard from before the wish is sent.
  async awaited(kind, ask) {
    const found = new Map();
    let heard = () => {}, removed = () => {};
    const hear = ({ detail }) => { found.set(detail.id, detail); heard(); };
    const end = () => removed(new Error("the job was removed"));
    this.awaiting += 1;
    this.addEventListener(kind, hear);
    this.addEventListener("ended", end);
    try {
      this.suit();
      await this.opened;
      const id = await ask();
      if (id === null) return null;
      return await new Promise((resolve, reject) => {
        removed = reject;
        heard = () => { if (found.has(id)) resolve(found.get(id)); };
        heard();
      });
    } finally {
      this.awaiting -= 1;
      this.removeEventListener(kind, hear);
      this.removeEventListener("ended", end);
      this.suit();
    }
  }
}
