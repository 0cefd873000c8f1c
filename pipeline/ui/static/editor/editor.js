// The subtitle editor: its parts, and who hears what.

import { Again } from "./again.js";
import { Attention } from "./attention.js";
import { commands } from "./commands.js";
import { conflict } from "./dialogs.js";
import { JobEvents } from "./events.js";
import { FilmRun } from "./film.js";
import { Find } from "./find.js";
import { CueForm } from "./form.js";
import { Keys } from "./keys.js";
import { CueList } from "./list.js";
import { Player } from "./player.js";
import { Server } from "./server.js";
import { SmallCopy } from "./small-copy.js";
import { Store } from "./store.js";
import { Waveform } from "./waveform.js";

const page = document.getElementById("editor");
const mayEdit = document.getElementById("accept") !== null;
const store = new Store();
const server = new Server(document.documentElement.dataset.base, page.dataset.job, page.dataset.track, store);
const list = new CueList(document.getElementById("list"), store);
const player = new Player(store, server);
const events = new JobEvents(server);
new SmallCopy(player, server, events, mayEdit);
const wave = new Waveform(document.getElementById("wave"), store, server);
wave.mayEdit = mayEdit;
const say = (words) => { document.getElementById("message").textContent = words; };
const form = new CueForm(store, server, say);
const follow = document.getElementById("follow");

const goTo = (point) => {
  if (point.cue && store.byId.has(point.cue)) store.select(point.cue, "user");
  player.seek(point.at);
  say(point.why);
};
const parts = { store, server, player, list, form, say };
parts.attention = new Attention(store, server, list, goTo);
parts.find = new Find(store, server, form, (id) => acts.go(id));
const acts = commands(parts);
parts.keys = new Keys(acts, mayEdit);
acts.keys = () => parts.keys.show();
acts.nextPoint = () => { if (!parts.attention.step(player.ms, 1)) say("Nothing else deserves a look."); };
acts.previousPoint = () => parts.attention.step(player.ms, -1);
acts.find = () => parts.find.open();
new Again(store, server, events, form, say);
new FilmRun(server, events, form, () => load());

const load = async () => {
  try {
    store.begin(await server.get(`${server.track}/cues`));
  } catch (error) {
    document.getElementById("saved").textContent = `The cues can't be read: ${error.message}`;
    return;
  }
  document.getElementById("outdated").hidden = !store.about.is_outdated;
  server.state();
  parts.attention.open();
};

// Always to be seen: whether all is kept.
server.addEventListener("state", () => {
  if (!mayEdit) return;
  const saved = document.getElementById("saved"), problem = server.problem;
  const words = problem ? `Not saved: ${problem}` : server.unsaved ? "Saving…" : store.about.changed ? "Saved. Not in the film yet" : "Saved";
  if (saved.textContent !== words) saved.textContent = words;
  saved.className = problem ? "failed" : "finished";
  document.getElementById("retry").hidden = !problem;
  document.querySelector("[data-do=undo]").disabled = !store.about.undoable;
  document.querySelector("[data-do=redo]").disabled = !store.about.redoable;
});
server.addEventListener("reload", () => load());
server.addEventListener("refused", ({ detail }) => {
  say(detail.message);
  store.restore();
});
server.addEventListener("conflict", async ({ detail }) => {
  const again = await conflict(detail.told, detail.operation);
  if (again) server.edit(again);
  form.fill("begin");
});
addEventListener("beforeunload", (event) => { if (server.unsaved) event.preventDefault(); });
events.addEventListener("drafts", ({ detail }) => { if (detail.includes(page.dataset.track)) server.catchUp(); });
addEventListener("focus", () => server.catchUp());

player.addEventListener("moved", ({ detail: ms }) => {
  const cue = store.at(ms);
  list.now(cue);
  wave.show(ms);
  const types = document.activeElement?.matches("input:not([type=checkbox]), textarea");
  if (cue && follow.checked && !player.video.paused && !types && server.unsent === null) store.select(cue.id, "film");
});
list.element.addEventListener("seek", ({ detail }) => player.seek(detail));
wave.canvas.addEventListener("seek", ({ detail }) => player.seek(detail));
wave.canvas.addEventListener("times", ({ detail }) => server.edit({ do: "times", id: detail.id, start: detail.start, end: detail.end }));
document.querySelectorAll("button[data-do]").forEach((button) => {
  if (button.dataset.do === "split") button.addEventListener("mousedown", (event) => event.preventDefault()); // the caret stays in the text
  button.addEventListener("click", () => acts[button.dataset.do]());
});
document.getElementById("retry")?.addEventListener("click", () => { server.problem = ""; server.send(); });
document.getElementById("speed").addEventListener("change", ({ target }) => { player.video.playbackRate = Number(target.value); });
document.getElementById("zoom").addEventListener("change", ({ target }) => { wave.seconds = Number(target.value); wave.draw(); });
document.getElementById("fullscreen").addEventListener("click", () => document.getElementById("stage").requestFullscreen?.());
document.getElementById("draw").addEventListener("click", () => {
  const at = (player.ms / 1000).toFixed(3);
  document.getElementById("drawn-picture").src = `${server.base}/media/still?at=${at}&track=${encodeURIComponent(page.dataset.track)}`;
  document.getElementById("drawn").hidden = false;
});
document.getElementById("beside").addEventListener("change", async ({ target }) => {
  const told = target.value ? await server.get(`${server.base}/subtitles/${encodeURIComponent(target.value)}/cues`).catch(() => null) : null;
  list.side(told?.cues ?? []);
});

await load();
server.left().forEach((item, number) => server.edit(item.operation, item.address, item.more, number ? null : item.seen));
await player.open();
wave.open(player.about);
