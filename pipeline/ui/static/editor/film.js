// "Make the film anew": the draft becomes the job's subtitles, and the job runs again; only what depends on them.

const WAITING = ["prepared", "edited"]; // before the run has begun

export class FilmRun {
  constructor(store, server, form, ended) {
    this.server = server;
    this.store = store;
    this.form = form;
    this.ended = ended;
    this.box = document.getElementById("film-run");
    this.state = document.getElementById("film-state");
    this.button = document.getElementById("accept");
    this.button?.addEventListener("click", () => this.begin());
  }

  async begin() {
    await this.form.keep();
    this.button.disabled = true;
    this.box.hidden = false;
    this.state.textContent = "Your changes go into the subtitles…";
    try {
      const answer = await this.server.post(`${this.server.track}/accept`, {});
      const told = await answer.json();
      if (!answer.ok) throw new Error([told.message, told.next].filter(Boolean).join(" — "));
      this.clashes = told.clashes ?? 0;
      this.behind = (told.behind ?? []).join(" ");
      this.follow();
    } catch (error) {
      this.state.textContent = `The film wasn't made: ${error.message}`;
      this.button.disabled = false;
    }
  }

  follow() {
    const bar = document.getElementById("film-progress");
    const source = new EventSource(`${this.server.base}/events`);
    let hasRun = false;
    source.addEventListener("stages", (message) => {
      const { state, counts, files } = JSON.parse(message.data);
      const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
      bar.max = all;
      bar.value = counts.finished ?? 0;
      hasRun ||= state === "running";
      if (state === "running") this.state.textContent = `The film is being made: ${counts.finished ?? 0} of ${all} stages are finished`;
      else if (hasRun || !WAITING.includes(state)) { source.close(); this.done(state, files ?? []); }
    });
    source.addEventListener("ended", (message) => { source.close(); this.done(JSON.parse(message.data).words, []); });
  }

  done(state, files) {
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
