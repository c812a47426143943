// The order wizard: what is typed is kept while it is typed, the price follows, nobody leaves with something unkept.
import { $, make, wait } from "./tools.js";

const form = $("[data-wizard]");
const note = $("[data-wizard-kept]", form);
let unkept = false;
let asking = false;
let again = false;
let leaving = null; // the button that sends the step: nothing else is sent beside it

/** The price so far, as app/templates/house/_price.html draws it. */
function draw(price) {
  const box = $("[data-wizard-price]");
  box.replaceChildren();
  if (price.said) box.append(make("p", { class: "muted" }, price.said));
  if (price.rows.length) box.append(make("ul", {}, ...price.rows.map(([name, figure, amount]) => make("li", {}, make("span", {}, make("bdi", {}, name), figure ? make("span", { class: "muted small" }, " ", make("bdi", {}, figure)) : null), make("bdi", { class: "num" }, amount)))));
  if (price.totals.length) box.append(make("dl", {}, ...price.totals.map(([name, amount], index, all) => make("div", { class: index === all.length - 1 ? "grand" : null }, make("dt", {}, name), make("dd", {}, make("bdi", {}, amount))))));
}

function payload() {
  const sent = new FormData();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") sent.append(name, value); // files go with the step
  return sent;
}

async function keep() {
  if (leaving) return;
  if (asking) { again = true; return; } // one after the other: each answer brings the version for the next
  asking = true;
  try {
    const answer = await fetch(form.dataset.keepUrl, { method: "POST", body: payload(), headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (answer.ok) {
      if (found.version) form.elements.version.value = found.version;
      if (!again) unkept = false;
      if (note) { note.classList.remove("bad"); note.textContent = found.kept; }
      draw(found);
    } else if (note) { note.classList.add("bad"); note.textContent = found.message; }
  } catch { /* the step itself is sent by its button, with or without this */ }
  asking = false;
  if (leaving) { delete form.dataset.sent; form.requestSubmit(leaving); return; }
  if (again) { again = false; keep(); }
}

const soon = wait(600, keep);
for (const kind of ["input", "change"]) form.addEventListener(kind, (event) => {
  if (event.target.type === "file" || event.target.name === "remove") { unkept = !("preview" in form.dataset); return; }
  unkept = !("preview" in form.dataset);
  soon();
});
form.addEventListener("submit", (event) => {
  unkept = false;
  leaving = event.submitter;
  if (asking) event.preventDefault(); // its answer brings the version that the step is sent with
});
window.addEventListener("pageshow", () => { leaving = null; });
window.addEventListener("beforeunload", (event) => { if (unkept) { event.preventDefault(); event.returnValue = form.dataset.leave; } });
