"use strict";
// A file that is dropped on the form, or chosen, is copied into the project, and then prepared by its path.
(() => {
  const token = document.querySelector("meta[name=pipeline-token]").content;
  const base = document.documentElement.dataset.base;
  const form = document.getElementById("prepare"), message = document.getElementById("message");
  const copied = document.getElementById("copied"), chosen = document.getElementById("file");

  const sent = (file) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `${base}/uploads/${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-Pipeline-Token", token);
    request.upload.addEventListener("progress", (event) => { copied.value = event.loaded / event.total; });
    request.addEventListener("load", () => {
      if (request.status === 200) resolve(JSON.parse(request.responseText).path);
      else reject(new Error(wordsOf(request.responseText)));
    });
    request.addEventListener("error", () => reject(new Error("The copy was broken off. Is `pipeline ui` still running?")));
    request.send(file);
  });

  const copy = async (file) => {
    message.textContent = `${file.name} is being copied …`;
    copied.value = 0;
    copied.hidden = false;
    chosen.disabled = true;
    try {
      const asked = await fetch(`${base}/uploads?size=${file.size}`, { method: "POST", headers: { "X-Pipeline-Token": token } });
      if (!asked.ok) throw new Error(wordsOf(await asked.text()));
      form.elements.path.value = await sent(file);
      form.requestSubmit(form.querySelector("button"));
    } catch (error) {
      message.textContent = error.message;
    } finally {
      copied.hidden = true;
      chosen.disabled = false;
      chosen.value = "";
    }
  };

  chosen.addEventListener("change", () => { if (chosen.files.length) copy(chosen.files[0]); });
  // On the whole page: beside the form, the browser would leave the page and show the film.
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
  document.addEventListener("dragover", () => form.classList.add("awaited"));
  document.addEventListener("dragleave", () => form.classList.remove("awaited"));
  document.addEventListener("drop", (event) => {
    form.classList.remove("awaited");
    const files = event.dataTransfer.files;
    if (files.length > 1) message.textContent = "Drop one file at a time; a folder of films is prepared by `pipeline watch`.";
    else if (files.length) copy(files[0]);
  });
})();
