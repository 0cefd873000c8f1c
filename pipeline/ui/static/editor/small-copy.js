// A small copy of a film that this browser can't play. It is made when a person asks for it, and never by itself.

export class SmallCopy {
  constructor(player, server, mayEdit) {
    this.player = player;
    this.server = server;
    this.place = document.getElementById("small-copy");
    if (mayEdit) player.addEventListener("unplayable", () => this.offer());
  }

  offer() {
    if (this.place.firstChild) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Make a small copy that plays here";
    button.addEventListener("click", () => this.make(button));
    this.place.append(button);
  }

  async make(button) {
    button.disabled = true;
    this.player.say("The small copy is being made. You can go on meanwhile.");
    try {
      const awaited = await this.listen();
      const answer = await this.server.post(`${this.server.base}/media/proxy`, {});
      if (!answer.ok) throw new Error("the server refuses it");
      const told = await awaited((await answer.json()).id);
      if (told.problem) throw new Error(told.problem);
      this.place.replaceChildren();
      this.player.playCopy();
    } catch (error) {
      this.player.say(`There is no small copy: ${error.message}`);
      button.disabled = false;
    }
  }

  // The events are heard from before the copy is asked for.
  listen() {
    return new Promise((resolve, reject) => {
      const source = new EventSource(`${this.server.base}/events`);
      const found = new Map();
      let heard = () => {};
      source.addEventListener("proxy", (message) => { const told = JSON.parse(message.data); found.set(told.id, told); heard(); });
      source.addEventListener("open", () => resolve((id) => new Promise((done, fail) => {
        heard = () => { if (found.has(id)) { source.close(); done(found.get(id)); } };
        source.addEventListener("ended", () => { source.close(); fail(new Error("the job was removed")); });
        heard();
      })));
      source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) reject(new Error("the server doesn't answer")); });
    });
  }
}
