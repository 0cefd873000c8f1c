// Questions to the person: what to do in a conflict, and a few words of text.

import { nodes } from "./markup.js";

// What somebody else has made of the cue, and the own text, which is never thrown away unasked.
export const conflict = (told, operation) => {
  last = last.then(() => decided(told, operation));
  return last;
};

let last = Promise.resolve(); // one question at a time

const decided = (told, operation) => new Promise((resolve) => {
  const dialog = document.getElementById("conflict"), mine = document.getElementById("mine");
  const theirs = document.getElementById("theirs");
  theirs.replaceChildren(...(told.theirs.length ? told.theirs.map((cue) => { const line = document.createElement("p"); line.append(nodes(cue.text)); return line; }) : ["This cue isn't there any more."]));
  mine.value = operation?.text ?? "";
  mine.closest("p").hidden = operation?.text === undefined;
  const use = document.getElementById("use-mine"), keep = document.getElementById("keep-theirs");
  use.hidden = operation?.text === undefined || told.theirs.length === 0;
  const done = (answer) => { dialog.onclose = null; dialog.close(); resolve(answer); };
  use.onclick = () => done({ ...operation, id: told.theirs.some((cue) => cue.id === operation.id) ? operation.id : told.theirs[0].id, text: mine.value });
  keep.onclick = () => done(null);
  dialog.onclose = () => resolve(null);
  dialog.showModal();
});

// fields: {name, label, value, options}. Resolves with the values by name, or null.
export const ask = (title, fields) => new Promise((resolve) => {
  const dialog = document.getElementById("ask"), form = document.getElementById("ask-form");
  document.getElementById("ask-title").textContent = title;
  document.getElementById("ask-fields").replaceChildren(...fields.map((field) => {
    const line = document.createElement("p"), label = document.createElement("label");
    const input = document.createElement(field.options ? "select" : "input");
    input.name = field.name;
    if (field.options) input.append(...field.options.map(([value, text]) => new Option(text, value)));
    input.value = field.value ?? input.value;
    label.append(field.label, " ", input);
    line.append(label);
    return line;
  }));
  const done = (answer) => { dialog.onclose = null; dialog.close(); resolve(answer); };
  form.onsubmit = (event) => { event.preventDefault(); done(Object.fromEntries(new FormData(form))); };
  document.getElementById("ask-close").onclick = () => done(null);
  dialog.onclose = () => resolve(null);
  dialog.showModal();
});

// pairs: [what is there, what would be there]. Resolves with the numbers of those that are taken, or null.
export const choose = (title, pairs) => {
  const dialog = document.getElementById("ask"), form = document.getElementById("ask-form");
  document.getElementById("ask-title").textContent = title;
  document.getElementById("ask-fields").replaceChildren(...pairs.map(([before, after], number) => {
    const part = document.createElement("fieldset"), label = document.createElement("label"), box = document.createElement("input");
    const quote = (words, text) => { const made = document.createElement("p"), shown = document.createElement("blockquote"); made.textContent = words; shown.textContent = text; shown.dir = "auto"; return [made, shown]; };
    box.type = "checkbox";
    box.name = String(number);
    box.checked = true;
    label.append(box, " Take it");
    part.append(...quote("There is:", before), ...quote("It would be:", after), label);
    return part;
  }));
  return new Promise((resolve) => {
    const done = (answer) => { dialog.onclose = null; dialog.close(); resolve(answer); };
    form.onsubmit = (event) => { event.preventDefault(); done([...new FormData(form).keys()].map(Number)); };
    document.getElementById("ask-close").onclick = () => done(null);
    dialog.onclose = () => resolve(null);
    dialog.showModal();
  });
};
