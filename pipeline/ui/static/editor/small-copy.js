// A small copy of a film that this browser can't play. It is made when a person asks for it, and never by itself.

export class SmallCopy {
  constructor(player, server, events, mayEdit) {
    this.player = player;
    this.server = server;
    this.events = events;
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
      const told = await this.events.awaited("proxy", () => this.begin());
      if (told.problem) throw new Error(told.problem);
      this.place.replaceChildren();
      this.player.playCopy();
    } catch (error) {
      this.player.say(`There is no small copy: ${error.message}`);
      button.disabled = false;
    }
  }

  async begin() {
    const answer = await this.server.post(`${this.server.base}/media/proxy`, {});
    if (!answer.ok) throw new Error("the server refuses it");
    return (await answer.json()).id;
  }
}
