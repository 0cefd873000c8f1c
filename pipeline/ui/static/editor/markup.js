// A cue's text with <i>, <b> and <u>, as nodes. Nothing of it is ever read as HTML.

const TAG = /<(\/?)([biu])>/g;

export const plain = (text) => text.replace(TAG, "");

export const nodes = (text) => {
  const top = document.createDocumentFragment();
  const open = [top];
  let at = 0;
  for (const tag of text.matchAll(TAG)) {
    open.at(-1).append(text.slice(at, tag.index));
    at = tag.index + tag[0].length;
    if (!tag[1]) {
      const element = document.createElement(tag[2]);
      open.at(-1).append(element);
      open.push(element);
    } else if (open.length > 1) open.pop();
  }
  open.at(-1).append(text.slice(at));
  return top;
};
