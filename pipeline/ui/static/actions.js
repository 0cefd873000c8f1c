"use strict";
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
        message.textContent = new DOMParser().parseFromString(text, "text/html").querySelector("p")?.textContent ?? answer.statusText;
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

  document.querySelectorAll("button[data-action]").forEach((each) => each.addEventListener("click", () => act(each.dataset.action, each)));
  document.getElementById("prepare")?.addEventListener("submit", (event) => {
    event.preventDefault();
    act(`${base}/jobs?${new URLSearchParams(new FormData(event.target))}`, event.submitter);
  });
})();
