"use strict";
(() => {
  const STEP = 200;
  const table = document.getElementById("attempts");
  const body = table.tBodies[0];
  const filter = document.getElementById("filter");
  const more = document.getElementById("more");
  const count = document.getElementById("count");
  const all = JSON.parse(document.getElementById("attempts-data").textContent);
  const NODE = 10;
  const FIELDS = table.dataset.nodes ? [0, 1, NODE, 2, 3, 4, 5, 6, 7, 8, 9] : [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]; // of each column
  let shown = all, listed = body.rows.length;

  const size = (bytes) => {
    let amount = bytes, unit = 0;
    while (amount >= 1024 && unit < 4) { amount /= 1024; unit += 1; }
    return `${amount >= 100 || unit === 0 ? Math.round(amount) : amount.toFixed(1)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
  };
  const texts = (row) => [
    row[0], row[1], row[2] || "", row[3], shownSeconds(row[4]), shownSeconds(row[5]), shownSeconds(row[6]),
    row[7] === null ? "" : shownSeconds(row[7]), row[8] === null ? "" : size(row[8]), row[9], row[NODE],
  ];
  const NUMBERS = new Set([2, 4, 5, 6, 7, 8]);

  const append = (rows) => {
    const made = document.createDocumentFragment();
    for (const row of rows) {
      const line = document.createElement("tr");
      const words = texts(row);
      FIELDS.forEach((field) => {
        const cell = document.createElement("td");
        cell.textContent = words[field];
        if (NUMBERS.has(field)) cell.className = "number";
        else if (field === 3) cell.className = row[3];
        line.append(cell);
      });
      made.append(line);
    }
    body.append(made);
    listed += rows.length;
    more.hidden = listed >= shown.length;
    count.textContent = `${listed} of ${shown.length} shown`;
  };
  const redraw = () => { body.replaceChildren(); listed = 0; append(shown.slice(0, STEP)); };
  const order = () => {
    const head = table.querySelector("th[aria-sort]");
    if (!head) return;
    const field = FIELDS[head.cellIndex], sign = head.getAttribute("aria-sort") === "ascending" ? 1 : -1;
    const collator = new Intl.Collator(undefined, { numeric: true });
    shown = [...shown].sort((a, b) => sign * (NUMBERS.has(field) ? (a[field] ?? -1) - (b[field] ?? -1) : collator.compare(a[field], b[field])));
  };

  more.addEventListener("click", () => append(shown.slice(listed, listed + STEP)));
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = all.filter((row) => { const text = `${row[0]} ${row[1]} ${row[3]} ${row[9]} ${row[NODE]}`.toLowerCase(); return words.every((word) => text.includes(word)); });
    order();
    redraw();
  });
  for (const button of table.tHead.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      const head = button.parentElement, before = head.getAttribute("aria-sort");
      table.querySelectorAll("th[aria-sort]").forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", before === "descending" ? "ascending" : before === "ascending" ? "descending" : NUMBERS.has(FIELDS[head.cellIndex]) ? "descending" : "ascending");
      order();
      redraw();
    });
  }
  document.querySelectorAll(".screen").forEach((each) => { each.hidden = false; });
  more.hidden = listed >= all.length;
  count.textContent = `${listed} of ${all.length} shown`;
})();
