"use strict";
(() => {
  const table = document.getElementById("stages");
  const job = table.dataset.job;
  const base = `${document.documentElement.dataset.base}/jobs/${encodeURIComponent(job)}`;
  let listed = "", news = null, frame = 0;

  const log = logView((name) => `${base}/logs/${encodeURIComponent(name)}`);
  const drawSoon = () => { frame ||= requestAnimationFrame(draw); };
  const stages = stageRows(table, log, drawSoon);

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
  const say = (id, text) => {
    const element = document.getElementById(id);
    if (element.textContent !== text) element.textContent = text;
    return element;
  };
  const tell = (data) => {
    say("state", data.state).className = data.state;
    document.querySelectorAll("button[data-unless]").forEach((each) => { each.disabled = each.dataset.unless.split(" ").includes(data.state); });
    say("counts", Object.entries(data.counts).map(([name, count]) => `${count} ${name}`).join(", "));
    say("left-out", data.left_out ? `There are ${data.left_out} more stages; the report has all of them.` : "").hidden = !data.left_out;
    list(data.files);
  };
  // All that has come goes onto the page at once, when the browser is about to draw it.
  const draw = () => {
    frame = 0;
    stages.draw();
    if (news) tell(news);
    news = null;
  };

  const source = new EventSource(`${base}/events`);
  source.addEventListener("open", stages.clear);
  source.addEventListener("stages", (message) => {
    news = JSON.parse(message.data);
    stages.take(news.rows, news.gone);
    drawSoon();
  });
  source.addEventListener("logs", (message) => {
    stages.grown(JSON.parse(message.data));
    if (stages.waits()) drawSoon();
    log.grow();
  });
  source.addEventListener("ended", (message) => {
    source.close();
    draw();
    say("state", JSON.parse(message.data).words);
  });
})();
