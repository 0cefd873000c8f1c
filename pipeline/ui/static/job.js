"use strict";
(() => {
  const table = document.getElementById("stages");
  const job = table.dataset.job;
  const base = `/jobs/${encodeURIComponent(job)}`;
  const rows = new Map();
  const sizes = new Map();
  let opened = null, shownBytes = 0, loading = false;

  const seconds = (value) => {
    if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
    if (value < 59.95) return `${value.toFixed(1)} s`;
    const whole = Math.round(value), two = (part) => String(part).padStart(2, "0");
    if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)} h`;
  };

  const line = (stage) => {
    const row = table.tBodies[0].insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    row.append(head);
    for (let index = 1; index < 6; index += 1) row.insertCell().className = index === 3 || index === 4 ? "number" : "";
    rows.set(stage.name, { row, stage });
    return rows.get(stage.name);
  };
  const fill = (stage) => {
    const entry = rows.get(stage.name) ?? line(stage);
    entry.stage = stage;
    const cells = entry.row.cells;
    cells[0].textContent = stage.shown;
    cells[1].textContent = stage.environment;
    cells[2].className = stage.state;
    cells[2].textContent = stage.state;
    if (sizes.get(stage.name)) cells[2].append(" ", button(stage.name));
    cells[3].textContent = stage.attempt || "";
    cells[5].textContent = stage.remark;
    tick(entry);
  };
  const button = (name) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = "log";
    made.setAttribute("aria-label", `log of ${name}`);
    made.addEventListener("click", () => open(name));
    return made;
  };
  const tick = ({ row, stage }) => {
    const running = stage.began ? Math.max(0, (Date.now() - Date.parse(stage.began)) / 1000) : null;
    const value = running ?? stage.seconds;
    row.cells[4].textContent = value === null ? "" : seconds(value);
  };
  setInterval(() => { for (const entry of rows.values()) if (entry.stage.began) tick(entry); }, 1000);

  const open = (name) => {
    opened = name;
    shownBytes = 0;
    document.getElementById("log").hidden = false;
    document.getElementById("log-title").textContent = `Log of ${name}`;
    document.getElementById("log-text").textContent = "";
    grow().then(() => document.getElementById("log-text").focus());
  };
  const grow = async () => {
    if (opened === null || loading || (sizes.get(opened) ?? 0) <= shownBytes) return;
    loading = true;
    const name = opened, from = shownBytes;
    try {
      const answer = await fetch(`${base}/logs/${encodeURIComponent(name)}`, { headers: { Range: `bytes=${from}-` } });
      if (!answer.ok) return;
      const data = await answer.arrayBuffer();
      if (opened !== name) return;
      shownBytes = from + data.byteLength;
      const text = document.getElementById("log-text");
      const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 4;
      text.append(new TextDecoder().decode(data));
      if (atEnd) text.scrollTop = text.scrollHeight;
    } finally {
      loading = false;
    }
    if ((sizes.get(opened) ?? 0) > shownBytes) await grow();
  };

  const source = new EventSource(`${base}/events`);
  source.addEventListener("open", () => { rows.clear(); table.tBodies[0].replaceChildren(); });
  source.addEventListener("stages", (message) => {
    const data = JSON.parse(message.data);
    const state = document.getElementById("state");
    state.textContent = data.state;
    state.className = data.state;
    document.getElementById("counts").textContent = Object.entries(data.counts).map(([name, count]) => `${count} ${name}`).join(", ");
    data.rows.forEach(fill);
    const left = document.getElementById("left-out");
    left.hidden = !data.left_out;
    left.textContent = data.left_out ? `There are ${data.left_out} more stages; the report has all of them.` : "";
  });
  source.addEventListener("logs", (message) => {
    for (const [name, size] of Object.entries(JSON.parse(message.data))) {
      const isNew = !sizes.get(name);
      sizes.set(name, size);
      if (isNew && rows.has(name)) fill(rows.get(name).stage);
    }
    grow();
  });
  source.addEventListener("removed", () => { source.close(); document.getElementById("state").textContent = "removed"; });
})();
