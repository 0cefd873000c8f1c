"use strict";
(() => {
  const table = document.getElementById("stages");
  const job = table.dataset.job;
  const base = `${document.documentElement.dataset.base}/jobs/${encodeURIComponent(job)}`;
  const rows = new Map();
  const sizes = new Map();
  let opened = null, shownBytes = 0, loading = false, listed = "";

  const line = (stage) => {
    const row = table.tBodies[0].insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    row.append(head);
    for (let index = 1; index < 6; index += 1) row.insertCell().className = index === 3 || index === 4 ? "number" : "";
    const state = document.createElement("span"), log = button(stage.name);
    row.cells[2].append(state, " ", log); // they stay, so that the keyboard keeps its place
    rows.set(stage.name, { row, stage, state, log });
    return rows.get(stage.name);
  };
  const fill = (stage) => {
    const entry = rows.get(stage.name) ?? line(stage);
    entry.stage = stage;
    const cells = entry.row.cells;
    cells[0].textContent = stage.shown;
    cells[0].title = stage.name;
    cells[1].textContent = stage.environment;
    entry.state.className = stage.state;
    entry.state.textContent = stage.state;
    entry.log.hidden = !sizes.get(stage.name);
    cells[3].textContent = stage.attempt || "";
    cells[5].textContent = stage.remark;
    tick(entry);
  };
  const button = (name) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = "log";
    made.setAttribute("aria-label", `log of ${name}`)
    made.addEventListener("click", () => open(name));
    return made;
  };
  const tick = ({ row, stage }) => {
    const running = stage.began ? Math.max(0, (Date.now() - Date.parse(stage.began)) / 1000) : null;
    const value = running ?? stage.seconds;
    row.cells[4].textContent = value === null ? "" : shownSeconds(value);
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

  const list = (names) => {
    if (names.join("\n") === listed) return;
    listed = names.join("\n");
    document.getElementById("files").hidden = !names.length;
    document.getElementById("subtitles").hidden = !names.some((name) => /\.(srt|vtt|ass)$/.test(name));
    document.getElementById("file-list").replaceChildren(...names.map((name) => {
      const link = document.createElement("a"), item = document.createElement("li");
      link.href = `${base}/files/${encodeURIComponent(name)}`;
      link.textContent = name;
      item.append(link);
      return item;
    }));
  };

  const source = new EventSource(`${base}/events`);
  source.addEventListener("open", () => { rows.clear(); table.tBodies[0].replaceChildren(); });
  source.addEventListener("stages", (message) => {
    const data = JSON.parse(message.data);
    const state = document.getElementById("state");
    state.textContent = data.state;
    state.className = data.state;
    document.querySelectorAll("button[data-unless]").forEach((each) => { each.disabled = each.dataset.unless.split(" ").includes(data.state); });
    document.getElementById("counts").textContent = Object.entries(data.counts).map(([name, count]) => `${count} ${name}`).join(", ");
    for (const name of data.gone) { rows.get(name)?.row.remove(); rows.delete(name); }
    data.rows.forEach(fill);
    list(data.files);
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
  source.addEventListener("ended", (message) => {
    source.close();
    document.getElementById("state").textContent = JSON.parse(message.data).words;
  });
})();
