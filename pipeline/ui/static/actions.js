"use strict";
// What an error page says, with the command that comes next.
const wordsOf = (text) => {
  const page = new DOMParser().parseFromString(text, "text/html"), words = page.querySelector("p")?.textContent;
  const step = page.querySelector("pre")?.textContent;
  return words && step ? `${words}\nnext: ${step}` : words;
};
(() => {
  const token = document.querySelector("meta[name=pipeline-token]").content;
  const base = document.documentElement.dataset.base;
  const message = document.getElementById("message");

  const act = async (address, button) => {
    button.disabled = true;
    message.textContent = "…";
    try {
      const answer = await fetch(address, { method: "POST", headers: { "X-Pipeline-Token": token } });
      const text = await answer.text();
      if (!answer.ok) {
        message.textContent = wordsOf(text) ?? answer.statusText;
        return;
      }
      const done = JSON.parse(text);
      message.textContent = done.message;
      if (done.page) location.assign(done.page);
    } catch (error) {
      message.textContent = "The server doesn't answer. Is `pipeline ui` still running?";
    } finally {
      if (!button.dataset.unless) button.disabled = false; // else the job's state says it
    }
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("button[data-action]");
    if (button) act(button.dataset.action, button);
  });
  document.getElementById("prepare")?.addEventListener("submit", (event) => {
    event.preventDefault();
    act(`${base}/jobs?${new URLSearchParams(new FormData(event.target))}`, event.submitter);
  });
})();
