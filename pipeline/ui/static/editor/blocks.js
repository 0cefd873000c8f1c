// Rows in blocks: the browser skips a whole block that isn't in view. It asks of each block, at every frame, whether it
// is: five thousand rows cost milliseconds a frame, a hundred blocks nearly nothing. All rows stay in the page, so
// that the browser's own search finds each.

const ROWS = 50; // in a new block
const MOST_ROWS = 2 * ROWS; // a block with more is cut in two

export class RowBlocks {
  constructor(element) { this.element = element; }

  fill(rows) {
    const all = document.createDocumentFragment();
    for (let from = 0; from < rows.length; from += ROWS) all.append(this.block(rows.slice(from, from + ROWS)));
    this.element.replaceChildren(all);
  }

  // Before the row ``next``, or at the end.
  insert(row, next) {
    const block = next?.parentNode ?? this.element.lastElementChild;
    const known = row.parentNode;
    if (!block) { this.element.append(this.block([row])); return; }
    if (known === block && row.nextElementSibling === next) return;
    block.insertBefore(row, next);
    if (known && known !== block) this.sized(known);
    this.sized(block);
  }

  remove(row) {
    const block = row.parentNode;
    row.remove();
    if (block) this.sized(block);
  }

  block(rows) {
    const made = document.createElement("div");
    made.className = "rows";
    made.setAttribute("role", "presentation");
    made.append(...rows);
    made.style.setProperty("--rows", rows.length);
    return made;
  }

  sized(block) {
    const count = block.childElementCount;
    if (!count) { block.remove(); return; }
    if (count > MOST_ROWS) block.after(this.block([...block.children].slice(ROWS)));
    block.style.setProperty("--rows", block.childElementCount);
  }
}
