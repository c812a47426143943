// A bulk step that runs in the background: how far it is, what was refused.
import { $, make } from "./tools.js";

const box = $("[data-progress-url]");
const rows = $("[data-progress-rows]");

function draw(job) {
  const bar = $("progress", box);
  bar.max = job.total || 1;
  bar.value = job.handled;
  $("[data-progress-text]", box).textContent = job.text;
  $("[data-progress-state]", box).replaceChildren(make("span", { class: "badge", "data-state": job.state }, job.state_label));
  if (rows && job.refused) {
    $("[data-progress-refused]").hidden = job.refused.length === 0;
    rows.replaceChildren(...job.refused.map((row) => make("tr", {}, make("td", { class: "main-cell" }, row.url ? make("a", { href: row.url }, make("bdi", {}, row.label)) : make("bdi", {}, row.label)), make("td", { class: "text" }, row.message))));
  }
  const result = $("[data-progress-result]", box);
  if (result && job.result_url) { result.href = job.result_url; result.hidden = false; }
  if (job.over && job.next_url) location.assign(job.next_url);
  if (job.over) { const stop = $("[data-progress-stop]", box); if (stop) stop.remove(); }
}

async function watch(pause) {
  try {
    const answer = await fetch(box.dataset.progressUrl, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const job = await answer.json();
      draw(job);
      if (job.over) return;
      pause = 1200;
    }
  } catch { pause = Math.min(pause * 2, 15000); } // the server may be restarting
  setTimeout(() => watch(pause), pause);
}
if (box.dataset.progressOver !== "true") setTimeout(() => watch(1200), 600);
