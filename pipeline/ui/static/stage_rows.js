"use strict";
// A job's stages, a row each. Where a run is so fast that nobody can follow each row, those in sight are written at once
// and the others when it gets slower, at the latest after some seconds: what a browser does for a row the run lacks.
const stageRows = (table, logs) => {
  const PATIENCE = 5000; // milliseconds that a row out of sight may be behind
  const IN_GROUP = 50; // rows of a group, which a browser lays out and paints by itself
  const rows = new Map(); // by the stage's name
  const changed = new Set(); // rows that don't show yet what they have
  let busy = false, complete = Date.now(), body = null;

  const pattern = document.createElement("tr");
  for (const name of ["th", "td", "td", "td", "td", "td"]) pattern.append(document.createElement(name));
  pattern.cells[0].scope = "row";
  pattern.cells[3].className = pattern.cells[4].className = "number";
  for (const index of [0, 1, 3, 4, 5]) pattern.cells[index].append("");

  const added = () => {
    const row = pattern.cloneNode(true), state = document.createElement("span"), log = document.createElement("button");
    const entry = { row, state, log, stage: null, shown: null, texts: Array.from(row.cells, (cell) => cell.firstChild) };
    log.type = "button";
    log.textContent = "log";
    log.addEventListener("click", () => logs.open(entry.shown.name, entry.shown.name));
    row.cells[2].append(state, " ", log); // they stay, so that the keyboard keeps its place
    if (!body || body.rows.length >= IN_GROUP) body = table.createTBody();
    body.append(row);
    return entry;
  };
  const put = (text, value) => { if (text.data !== value) text.data = value; };
  const seconds = ({ began, seconds: taken }) => {
    const value = began ? Math.max(0, (Date.now() - Date.parse(began)) / 1000) : taken;
    return value === null ? "" : shownSeconds(value);
  };
  const forget = (entry) => {
    changed.delete(entry);
    entry.row.remove();
  };
  const write = (entry) => {
    const { stage, shown, texts } = entry;
    if (shown?.name !== stage.name) {
      entry.row.cells[0].title = stage.name;
      entry.log.setAttribute("aria-label", `log of ${stage.name}`);
    }
    entry.shown = stage;
    put(texts[0], stage.shown);
    put(texts[1], stage.node ? `${stage.environment} on ${stage.node}` : stage.environment);
    if (entry.state.className !== stage.state) entry.state.className = entry.state.textContent = stage.state;
    entry.log.hidden = !logs.size(stage.name);
    put(texts[3], String(stage.attempt || ""));
    put(texts[4], seconds(stage));
    put(texts[5], stage.remark);
  };
  setInterval(() => { for (const { shown, texts } of rows.values()) if (shown?.began) put(texts[4], seconds(shown)); }, 1000);

  // The first row, from the top, of which something is true that is true of all below it, too.
  const first = (isSo) => {
    let low = 0, high = table.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isSo(table.rows[middle].getBoundingClientRect())) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const inSight = () => {
    const top = first((place) => place.bottom > 0), end = first((place) => place.top >= window.innerHeight);
    return new Set(Array.prototype.slice.call(table.rows, top, end));
  };

  return {
    // Stages that have changed; those that are gone leave their rows to new ones, so that no other row moves.
    take: (stages, gone, isBusy) => {
      busy = isBusy;
      const free = [];
      for (const name of gone) {
        const entry = rows.get(name);
        rows.delete(name);
        if (!entry) continue;
        if (!entry.row.contains(document.activeElement)) free.push(entry);
        else forget(entry); // the keyboard's place isn't to be another stage's
      }
      for (const stage of stages) {
        const entry = rows.get(stage.name) ?? free.shift() ?? added();
        entry.stage = stage;
        rows.set(stage.name, entry);
        changed.add(entry);
      }
      free.forEach(forget);
    },
    grown: (found) => {
      for (const [name, size] of Object.entries(found)) {
        if (!logs.size(name) && rows.has(name)) changed.add(rows.get(name));
        logs.set(name, size);
      }
    },
    waits: () => changed.size > 0,
    draw: () => {
      const all = !busy || Date.now() - complete > PATIENCE;
      const seen = all ? null : inSight(); // before anything is written: until then the browser knows where rows are
      if (all) complete = Date.now();
      for (const entry of changed) {
        if (seen && !seen.has(entry.row)) continue;
        changed.delete(entry);
        write(entry);
      }
    },
    clear: () => {
      rows.clear();
      changed.clear();
      for (const each of [...table.tBodies]) each.remove();
      body = null;
    },
  };
};
