// What keys and buttons do.

import { ask } from "./dialogs.js";

const STEP_MS = 2000;
const NUDGE_MS = 100;
const NEW_MS = 2000;
const FEWEST_MS = 100;

export const commands = ({ store, server, player, list, form, find, attention, keys, say }) => {
  const speed = document.getElementById("speed");
  const go = (id) => {
    const cue = store.byId.get(id);
    if (!cue) return;
    store.select(id, "user");
    player.seek(cue.start);
  };
  const beside = (step) => {
    const place = store.indexOf(store.selected);
    go(store.ordered[Math.max(0, Math.min(store.ordered.length - 1, place + step))]?.id);
  };
  const faster = (step) => {
    speed.selectedIndex = Math.max(0, Math.min(speed.options.length - 1, speed.selectedIndex + step));
    speed.dispatchEvent(new Event("change"));
    say(`Speed ${speed.value}`);
  };
  const edit = async (operation) => {
    await form.keep();
    return server.edit(operation);
  };
  const move = async (startBy, endBy) => {
    const cue = store.current;
    if (!cue) return;
    const moved = { ...cue, start: Math.round(cue.start + startBy), end: Math.round(cue.end + endBy) };
    if (moved.start < 0 || moved.end <= moved.start) return;
    store.expect(moved);
    const told = await edit({ do: "times", id: cue.id, start: moved.start, end: moved.end });
    if (told && player.video.paused) player.seek(startBy ? moved.start : Math.max(moved.start, moved.end - 1));
  };
  const frame = () => store.about.frame;
  return {
    go,
    play: () => player.toggle(),
    playCue: () => store.current && player.playCue(store.current),
    back: () => player.seek(player.ms - STEP_MS),
    forward: () => player.seek(player.ms + STEP_MS),
    next: () => beside(1),
    previous: () => beside(-1),
    nextPoint: () => { if (!attention.step(player.ms, 1)) say("Nothing else deserves a look."); },
    previousPoint: () => attention.step(player.ms, -1),
    type: () => { form.text.focus(); },
    async split() {
      const cue = store.current;
      if (!cue) return;
      const { offset, at } = form.offset(player.ms);
      await form.keep();
      const told = await edit({ do: "split", id: cue.id, offset, ...(at === null ? {} : { at }) });
      if (told) say("The cue is split in two.");
    },
    async merge() { if (store.current && await edit({ do: "merge", id: store.selected })) say("The two cues are one."); },
    async add() {
      const start = store.at(player.ms)?.end ?? player.ms;
      const following = store.ordered.find((cue) => cue.start >= start);
      const end = Math.min(start + NEW_MS, following?.start ?? Infinity, store.about.film_end ?? Infinity);
      if (end - start < FEWEST_MS) { say("There is no room for another cue here."); return; }
      const told = await edit({ do: "add", start, end: Math.round(end), text: "…" });
      if (!told) return;
      store.select(told.cues.at(-1)?.id, "user");
      form.text.focus();
      form.text.select();
    },
    async remove() { if (store.current && await edit({ do: "delete", ids: [store.selected] })) say("The cue is deleted. Z brings it back."); },
    async rename() {
      const name = store.current?.speaker;
      if (!name) { say("This cue has no speaker."); return; }
      const names = name.split(" / ");
      const wish = await ask("Another name for a speaker, in all cues", [{ name: "name", label: "Speaker", options: names.map((each) => [each, each]) }, { name: "new_name", label: "New name", value: names[0] }]);
      if (wish) edit({ do: "rename_speaker", ...wish });
    },
    async term() {
      const text = form.text.value.slice(form.text.selectionStart, form.text.selectionEnd).trim();
      const others = store.about.tracks.filter((each) => each.language !== store.about.language);
      const languages = [...new Set([...others.map((each) => each.language), store.about.language])];
      const wish = await ask("A term for the glossary", [{ name: "term", label: "Term", value: text }, { name: "translation", label: "Translation", value: text }, { name: "language", label: "Language of the translation", options: languages.map((each) => [each, each]) }]);
      if (!wish) return;
      const answer = await server.post(`${server.track}/glossary`, wish).catch(() => null);
      say((await answer?.json().catch(() => null))?.message ?? "The term wasn't added: the server doesn't answer.");
    },
    startEarlier: () => move(-frame(), 0),
    startLater: () => move(frame(), 0),
    endEarlier: () => move(0, -frame()),
    endLater: () => move(0, frame()),
    startMuchEarlier: () => move(-NUDGE_MS, 0),
    startMuchLater: () => move(NUDGE_MS, 0),
    endMuchEarlier: () => move(0, -NUDGE_MS),
    endMuchLater: () => move(0, NUDGE_MS),
    startHere: () => store.current && edit({ do: "times", id: store.selected, start: player.ms, end: store.current.end }),
    endHere: () => store.current && edit({ do: "times", id: store.selected, start: store.current.start, end: player.ms }),
    async undo() { if (await edit({ do: "undo" })) say("Undone."); },
    async redo() { if (await edit({ do: "redo" })) say("Done again."); },
    slower: () => faster(-1),
    faster: () => faster(1),
    find: () => find.open(),
    keys: () => keys.show(),
  };
};
