"use strict";
// Keeps a table up to date with what the server says of it.
(() => {
  const table = document.getElementById("rows"), columns = table.dataset.columns.split(" ");
  const GOOD = ["healthy", "ready"];

  const cell = (column, row) => {
    const made = document.createElement(column === "name" ? "th" : "td"), text = row[column] ?? "";
    if (column === "name") made.scope = "row";
    if (column === "state" && GOOD.includes(text)) made.className = "finished";
    if (column === "key" && text) {
      const code = document.createElement("code");
      code.textContent = text.slice(text.lastIndexOf(":") + 1).slice(0, 12);
      made.append(code);
    } else made.textContent = text;
    return made;
  };

  new EventSource(table.dataset.events).addEventListener("rows", (message) => {
    table.tBodies[0].replaceChildren(...JSON.parse(message.data).map((row) => {
      const line = document.createElement("tr");
      line.append(...columns.map((column) => cell(column, row)));
      return line;
    }));
  });
})();
