// "Make the film again": the draft becomes the job's subtitles, and the job runs again; only what depends on them.

const WAITING = ["prepared", "edited"]; // before the run has begun

export class FilmRun {
  constructor(server, events, form, ended) {
    this.server = server;
    this.events = events;
    this.form = form;
    this.ended = ended;
    this.isFollowed = false;
    this.box = document.getElementById("film-run");
    this.state = document.getElementById("film-state");
    this.button = document.getElementById("accept");
    this.button?.addEventListener("click", () => this.begin());
    events.addEventListener("stages", ({ detail }) => this.hear(detail));
    events.addEventListener("ended", ({ detail }) => { if (this.isFollowed) this.done(detail.words, []); });
  }

  async begin() {
    await this.form.keep();
    this.button.disabled = true;
    this.box.hidden = false;
    this.hasRun = false;
    this.state.textContent = "Your changes go into the subtitles, and into their translations…";
    try {
      const told = await this.events.awaited("film", () => this.ask());
      if (told.problem) throw new Error([told.problem, told.next].filter(Boolean).join(" — "));
      this.clashes = told.clashes;
      this.behind = told.behind.join(" ");
      this.isFollowed = true;
      this.show();
    } catch (error) {
      this.state.textContent = `The film wasn't made: ${error.message}`;
      this.button.disabled = false;
    }
  }

  async ask() {
    const answer = await this.server.post(`${this.server.track}/accept`, {});
    const told = await answer.json();
    if (!answer.ok) throw new Error([told.message, told.next].filter(Boolean).join(" — "));
    return told.id;
  }

  hear(told) {
    this.now = told;
    this.hasRun ||= told.state === "running";
    if (this.isFollowed) this.show();
  }

  show() {
    const { state, counts, files } = this.now, bar = document.getElementById("film-progress");
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    bar.max = all;
    bar.value = counts.finished ?? 0;
    if (state === "running") this.state.textContent = `The film is being made: ${counts.finished ?? 0} of ${all} stages are finished`;
    else if (this.hasRun || !WAITING.includes(state)) this.done(state, files ?? []);
  }

  done(state, files) {
    this.isFollowed = false;
    const clashes = this.clashes ? ` ${this.clashes} of your changes clash with new words; yours stay.` : "";
    this.state.textContent = state === "finished" ? `The new film is ready.${clashes} ${this.behind}`.trim() : `The run has ended: ${state}. The job's page tells why.`;
    document.getElementById("film-files").replaceChildren(...files.map((name) => {
      const line = document.createElement("li"), link = document.createElement("a");
      link.href = `${this.server.base}/files/${encodeURIComponent(name)}`;
      link.textContent = name;
      line.append(link);
      return line;
    }));
    this.button.disabled = false;
    this.ended();
  }
}
