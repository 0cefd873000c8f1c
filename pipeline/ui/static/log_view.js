"use strict";
// A log in the page's own place for one, read by ranges as it grows. `addressOf` says where the log of a key is.
const logView = (addressOf) => {
  const text = document.getElementById("log-text"), sizes = new Map(); // bytes, by key
  let opened = null, shownBytes = 0, loading = false;

  const size = (key) => sizes.get(key) ?? 0;
  const begin = () => {
    shownBytes = 0;
    text.textContent = "";
  };
  const grow = async () => {
    if (opened === null || loading || size(opened) <= shownBytes) return;
    loading = true;
    const key = opened, from = shownBytes;
    try {
      const answer = await fetch(addressOf(key), { headers: { Range: `bytes=${from}-` } });
      if (!answer.ok) return;
      const data = await answer.arrayBuffer();
      if (opened !== key || shownBytes !== from) return;
      shownBytes = from + data.byteLength;
      const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 4;
      text.append(new TextDecoder().decode(data));
      if (atEnd) text.scrollTop = text.scrollHeight;
    } finally {
      loading = false;
    }
    if (size(opened) > shownBytes) await grow();
  };
  const open = (key, name) => {
    opened = key;
    begin();
    document.getElementById("log").hidden = false;
    document.getElementById("log-title").textContent = `Log of ${name}`;
    grow().then(() => text.focus());
  };
  const set = (key, bytes) => {
    if (key === opened && bytes < size(key)) begin(); // another file has taken its place
    sizes.set(key, bytes);
  };
  return { size, set, open, grow };
};
