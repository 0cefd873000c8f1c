"use strict";
// A job's stages, a row each. Where more rows change than anybody can follow, those in sight are written at once and the
// others a little later, or when somebody gets there: what a browser does for a row the run lacks. For the same reason
// rows are in groups, of which the styles let a browser lay out and paint only those in sight. `drawSoon` is called when
// rows are to be drawn that have come before.
const stageRows = (table, logs, drawSoon) => {
  const MANY = 50; // rows that change at once
  const PATIENCE = 2000; // milliseconds that a row out of sight may be behind
  const SECOND = 1000;
  const IN_GROUP = 20; // rows; page.css knows about how high they are together
  const rows = new Map(); // by the stage's name
  const changed = new Set(); // rows that don't show yet what they have
  const inSight = new Set(); // groups
  let body = null, isDue = true, timer = 0, ticked = 0; // isDue: rows out of sight are to be written with the next drawing

  const observer = new IntersectionObserver((found) => {
    for (const each of found) inSight[each.isIntersecting ? "add" : "delete"](each.target);
    if (changed.size) drawSoon();
  });

  // Roles are named, since some browsers take what isn't laid out as a table for none.
  const pattern = document.createElement("tr");
  pattern.setAttribute("role", "row");
  for (const name of ["th", "td", "td", "td", "td", "td"]) {
    const cell = document.createElement(name);
    cell.setAttribute("role", name === "th" ? "rowheader" : "cell");
    pattern.append(cell);
  }
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
    if (!body || body.rows.length >= IN_GROUP) {
      body = table.createTBody();
      body.setAttribute("role", "rowgroup");
      observer.observe(body);
    }
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
  // The seconds of what runs. While messages come they go on with each, since to draw once more costs as much as that.
  const tick = () => {
    ticked = performance.now();
    for (const { shown, texts } of rows.values()) if (shown?.began) put(texts[4], seconds(shown));
  };
  setInterval(() => { if (performance.now() - ticked > SECOND / 2) tick(); }, SECOND);

  const drawAll = () => {
    timer = 0;
    isDue = true;
    drawSoon();
  };

  return {
    // Stages that have changed; those that are gone leave their rows to new ones, so that no other row moves.
    take: (stages, gone) => {
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
      const all = isDue || changed.size <= MANY;
      isDue = false;
      for (const entry of changed) {
        if (!all && !inSight.has(entry.row.parentNode)) continue;
        changed.delete(entry);
        write(entry);
      }
      tick();
      if (changed.size) timer ||= setTimeout(drawAll, PATIENCE);
    },
    clear: () => {
      rows.clear();
      changed.clear();
      observer.disconnect();
      inSight.clear();
      for (const each of [...table.tBodies]) each.remove();
      body = null;
      isDue = true;
    },
  };
};
