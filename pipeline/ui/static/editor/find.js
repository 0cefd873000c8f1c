// Search and replace. The server searches, so that an expression means the same for what is found and what is replaced.

export class Find {
  constructor(store, server, form, go) {
    this.store = store;
    this.server = server;
    this.form = form;
    this.go = go;
    this.note = document.getElementById("find-note");
    this.field = document.getElementById("pattern");
    document.getElementById("find").addEventListener("submit", (event) => { event.preventDefault(); this.next(); });
    document.getElementById("replace-one")?.addEventListener("click", () => this.replace(this.store.selected));
    document.getElementById("replace-all")?.addEventListener("click", () => this.replace(""));
  }

  open() {
    document.getElementById("finding").open = true;
    this.field.focus();
    this.field.select();
  }

  box(id) { return document.getElementById(id).checked; }

  async found() {
    const wish = new URLSearchParams({ pattern: this.field.value, expression: Number(this.box("expression")), case: Number(this.box("case")), all: Number(this.box("all")) });
    try {
      return (await this.server.get(`${this.server.track}/search?${wish}`)).found;
    } catch (error) {
      this.note.textContent = error.message;
      return null;
    }
  }

  async next() {
    await this.form.keep();
    const found = await this.found();
    if (!found) return;
    const own = found[this.store.about.track] ?? [], others = Object.entries(found).filter(([name, places]) => name !== this.store.about.track && places.length);
    const now = this.store.current?.start ?? -1;
    const place = own.find((each) => each.at > now) ?? own[0];
    const more = others.map(([name, places]) => `, ${places.length} in ${name}`).join("");
    this.note.textContent = own.length ? `${own.indexOf(place) + 1} of ${own.length} cues${more}` : `Not found here${more}`;
    if (place) this.go(place.id);
  }

  async replace(id) {
    if (!this.field.value) return;
    await this.form.keep();
    const pattern = { pattern: this.field.value, is_expression: this.box("expression"), is_case_sensitive: this.box("case"), replacement: document.getElementById("replacement").value };
    const tracks = this.box("all") && !id ? this.store.about.tracks.map((each) => each.name) : [];
    const told = await this.server.edit(null, "replace", { pattern, tracks, id });
    if (!told) return;
    this.note.textContent = `Replaced in ${Object.entries(told.replaced).map(([name, count]) => `${count} ${count === 1 ? "cue" : "cues"} of ${name}`).join(", ")}`;
    if (id) this.next();
  }
}
