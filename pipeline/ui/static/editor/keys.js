// The keys. None is taken while somebody types, in a dialog, or with Ctrl, Alt or Meta, but for those that say so.

export const KEYS = [
  { keys: [" ", "k"], shown: "Space or K", does: "play", what: "Play or pause" },
  { keys: ["p"], shown: "P", does: "playCue", what: "Play this cue alone" },
  { keys: ["ArrowLeft"], shown: "←", does: "back", what: "Back 2 s" },
  { keys: ["ArrowRight"], shown: "→", does: "forward", what: "Forward 2 s" },
  { keys: ["ArrowDown", "j"], shown: "↓ or J", does: "next", what: "Next cue" },
  { keys: ["ArrowUp", "h"], shown: "↑ or H", does: "previous", what: "Cue before" },
  { keys: ["n"], shown: "N", does: "nextPoint", what: "Next place that deserves a look" },
  { keys: ["N"], shown: "Shift+N", does: "previousPoint", what: "Place before that deserves a look" },
  { keys: ["Enter"], shown: "Enter", does: "type", what: "Type in the text of this cue", edits: true },
  { keys: ["s"], shown: "S", does: "split", what: "Split this cue where the film is; while you type: Ctrl+Enter, at the caret", edits: true },
  { keys: ["m"], shown: "M", does: "merge", what: "Merge with the next cue", edits: true },
  { keys: ["a"], shown: "A", does: "add", what: "Add a cue where the film is", edits: true },
  { keys: ["Delete"], shown: "Delete", does: "remove", what: "Delete this cue", edits: true },
  { keys: ["q"], shown: "Q", does: "startEarlier", what: "Start one frame earlier (with Shift: 100 ms)", edits: true },
  { keys: ["w"], shown: "W", does: "startLater", what: "Start one frame later (with Shift: 100 ms)", edits: true },
  { keys: ["e"], shown: "E", does: "endEarlier", what: "End one frame earlier (with Shift: 100 ms)", edits: true },
  { keys: ["r"], shown: "R", does: "endLater", what: "End one frame later (with Shift: 100 ms)", edits: true },
  { keys: ["Q"], does: "startMuchEarlier", edits: true },
  { keys: ["W"], does: "startMuchLater", edits: true },
  { keys: ["E"], does: "endMuchEarlier", edits: true },
  { keys: ["R"], does: "endMuchLater", edits: true },
  { keys: ["i"], shown: "I", does: "startHere", what: "Start where the film is", edits: true },
  { keys: ["o"], shown: "O", does: "endHere", what: "End where the film is", edits: true },
  { keys: ["z"], shown: "Z or Ctrl+Z", does: "undo", what: "Undo", edits: true, control: true },
  { keys: ["Z", "y"], shown: "Shift+Z or Ctrl+Y", does: "redo", what: "Do it again", edits: true, control: true },
  { keys: ["-"], shown: "−", does: "slower", what: "Slower" },
  { keys: ["+", "="], shown: "+", does: "faster", what: "Faster" },
  { keys: ["f", "/"], shown: "F or /", does: "find", what: "Find in the film" },
  { keys: ["?"], shown: "?", does: "keys", what: "Show these keys" },
];

const SWITCH = "pipeline-editor-keys";
const TYPED = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const ACTIVE = "button, a, summary, input, video";

export class Keys {
  constructor(commands, mayEdit) {
    this.commands = commands;
    this.known = KEYS.filter((each) => mayEdit || !each.edits);
    this.dialog = document.getElementById("keys-dialog");
    this.dialogs = [...document.querySelectorAll("dialog")]; // a search for an open one would go through all rows
    const box = document.getElementById("keys-on");
    box.checked = this.on = stored() !== "off";
    box.addEventListener("change", () => { this.on = box.checked; store(box.checked ? "on" : "off"); });
    document.getElementById("keys-table").replaceChildren(...this.known.filter((each) => each.shown).map(row));
    document.addEventListener("keydown", (event) => this.pressed(event));
  }

  pressed(event) {
    const { target } = event;
    if (event.defaultPrevented || event.isComposing || event.altKey || this.dialogs.some((each) => each.open)) return;
    if (target.id === "text" && (event.key === "Escape" || event.key === "Enter" && event.ctrlKey)) {
      event.preventDefault();
      if (event.key === "Escape") document.getElementById("list").focus(); else this.commands.split();
      return;
    }
    if (target.matches?.(TYPED)) {
      if (event.key === "Escape") document.getElementById("list").focus();
      return;
    }
    const command = event.ctrlKey || event.metaKey;
    const found = this.known.find((each) => each.keys.includes(command ? event.key.toLowerCase() === "z" && event.shiftKey ? "Z" : event.key.toLowerCase() : event.key));
    if (!found || command && !found.control) return;
    if (!this.on && !command && event.key.length === 1) return;
    if (target.matches?.(ACTIVE) && ([" ", "Enter"].includes(event.key) || target.matches("video") && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    this.commands[found.does]();
  }

  show() { this.dialog.showModal(); }
}

const row = (each) => {
  const made = document.createElement("tr"), key = document.createElement("th"), what = document.createElement("td");
  key.scope = "row";
  key.textContent = each.shown;
  what.textContent = each.what;
  made.append(key, what);
  return made;
};

const stored = () => { try { return localStorage.getItem(SWITCH); } catch { return null; } };
const store = (value) => { try { localStorage.setItem(SWITCH, value); } catch { /* the switch then holds for this page alone */ } };
