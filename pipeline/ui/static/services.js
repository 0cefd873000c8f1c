"use strict";
// The project's services, kept up to date with what the server says of them. Rows stay, so that the keyboard keeps its place.
(() => {
  const table = document.getElementById("services"), base = `${document.documentElement.dataset.base}/services`;
  const STATES = { ready: "finished", starting: "running", failed: "failed" };
  const rows = new Map(); // by key
  const log = logView((key) => `${base}/${encodeURIComponent(key)}/log`);

  const button = (word, name, cell) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = word;
    made.setAttribute("aria-label", `${word} ${word === "log" ? "of " : ""}${name}`);
    cell.append(" ", made);
    return made;
  };
  const added = ({ key, name }) => {
    const row = table.tBodies[0].insertRow(), head = document.createElement("th"), state = document.createElement("span");
    head.scope = "row";
    row.append(head);
    for (let index = 1; index < 7; index += 1) row.insertCell().className = index === 5 ? "number" : "";
    row.cells[1].append(state);
    const logButton = button("log", name, row.cells[1]);
    logButton.addEventListener("click", () => log.open(key, name));
    if ("edits" in table.dataset) button("stop", name, row.cells[1]).dataset.action = `${base}/${encodeURIComponent(key)}/stop`;
    rows.set(key, { row, state, logButton });
    return rows.get(key);
  };
  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const fill = (service) => {
    const { row, state, logButton } = rows.get(service.key) ?? added(service);
    put(row.cells[0], service.name);
    put(state, service.state);
    state.className = STATES[service.state] ?? "";
    logButton.hidden = !service.log_bytes;
    log.set(service.key, service.log_bytes);
    put(row.cells[2], service.environment);
    put(row.cells[3], service.addresses.join(" "));
    put(row.cells[4], service.since);
    put(row.cells[5], String(service.users));
    put(row.cells[6], service.remark);
  };

  const source = new EventSource(`${base}/events`);
  source.addEventListener("open", () => {
    rows.clear();
    table.tBodies[0].replaceChildren();
  });
  source.addEventListener("rows", (message) => {
    const services = JSON.parse(message.data), there = new Set(services.map((each) => each.key));
    for (const [key, { row }] of rows) {
      if (there.has(key)) continue;
      row.remove();
      rows.delete(key);
    }
    services.forEach(fill);
    document.getElementById("none").hidden = services.length > 0;
    log.grow();
  });
})();
