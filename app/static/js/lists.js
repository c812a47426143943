// Lists: ticking rows and bulk steps, the keyboard, a double click opens the record.
import { $, $$, number, text, writing } from "./tools.js";

function bulk(table) {
  const page = table.closest("main") || document;
  const bar = $("[data-bulk]", page);
  const all = $("[data-pick-all]", table);
  const picks = () => $$("[data-pick]", table);
  const matching = bar ? $("[data-pick-matching]", bar) : null;
  let everything = false;

  function show() {
    const ticked = picks().filter((pick) => pick.checked);
    for (const pick of picks()) pick.closest("tr").classList.toggle("picked", pick.checked);
    if (all) {
      all.checked = ticked.length > 0 && ticked.length === picks().length;
      all.indeterminate = ticked.length > 0 && !all.checked;
    }
    if (!bar) return;
    bar.hidden = ticked.length === 0;
    const count = everything && matching ? Number(matching.dataset.pickMatching) : ticked.length;
    const said = text("selected", { count: number(count) });
    for (const place of $$("[data-bulk-said]", page)) place.textContent = said;
    const form = new Intl.PluralRules(document.documentElement.lang || "en").select(count);
    for (const place of $$("[data-bulk-ask]", page)) {
      const asked = JSON.parse(place.dataset.bulkAsk);
      place.textContent = (asked[form] || asked.other).replace("{count}", number(count));
    }
    if (matching) matching.hidden = everything || ticked.length < picks().length;
  }

  function tick(on) {
    for (const pick of picks()) pick.checked = on;
    everything = false;
    show();
  }

  table.addEventListener("change", (event) => {
    if (event.target === all) tick(all.checked);
    else if (event.target.matches("[data-pick]")) { everything = false; show(); }
  });
  // Shift ticks the rows between the last tick and this one.
  let last = null;
  table.addEventListener("click", (event) => {
    if (!event.target.matches("[data-pick]")) return;
    const list = picks();
    if (event.shiftKey && last !== null) {
      const [from, to] = [last, list.indexOf(event.target)].sort((a, b) => a - b);
      list.slice(from, to + 1).forEach((pick) => { pick.checked = event.target.checked; });
      show();
    }
    last = list.indexOf(event.target);
  });
  if (bar) bar.addEventListener("click", (event) => {
    if (event.target.closest("[data-pick-none]")) tick(false);
    if (event.target.closest("[data-pick-matching]")) { everything = true; show(); }
  });
  for (const form of $$("form[data-bulk-form]", page)) form.addEventListener("submit", () => {
    $$("[data-made]", form).forEach((field) => field.remove());
    const add = (name, value) => {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      field.dataset.made = "";
      form.append(field);
    };
    add("query", bar.dataset.query || location.search); // what matches, and the list to come back to
    if (everything) add("all_matching", "1");
    else picks().filter((pick) => pick.checked).forEach((pick) => add("rowid", pick.value));
  });
  show(); // the browser restores ticks after going back
  return { tick: (row) => { const pick = $("[data-pick]", row); if (pick) { pick.checked = !pick.checked; everything = false; show(); } } };
}

function rows(table, picker) {
  const list = $$("tbody tr", table);
  let at = -1;
  function move(step) {
    if (!list.length) return;
    if (at >= 0) list[at].classList.remove("is-current");
    at = Math.min(Math.max(at + step, 0), list.length - 1);
    list[at].classList.add("is-current");
    list[at].scrollIntoView({ block: "nearest" });
    const link = $("a", list[at]);
    if (link) link.focus({ preventScroll: true });
  }
  const open = (row) => { if (row.dataset.url) location.href = row.dataset.url; };
  document.addEventListener("keydown", (event) => {
    if (writing(event)) return;
    const within = at >= 0 || table.contains(event.target); // elsewhere the arrows scroll the page
    if (event.key === "j" || (event.key === "ArrowDown" && within)) { event.preventDefault(); move(1); }
    else if (event.key === "k" || (event.key === "ArrowUp" && within)) { event.preventDefault(); move(-1); }
    else if (event.key === "x" && at >= 0 && picker) picker.tick(list[at]);
    else if (event.key === "Enter" && at >= 0 && (event.target === document.body || event.target.type === "checkbox")) open(list[at]);
  });
  table.addEventListener("dblclick", (event) => {
    const row = event.target.closest("tr[data-url]");
    if (row && !event.target.closest("a, button, input, select, textarea, [data-cell]")) open(row);
  });
}

// The framework does not say which columns hold figures; the cells do.
for (const head of $$("table[data-rows] thead th")) {
  const cell = head.closest("table").tBodies[0]?.rows[0]?.cells[head.cellIndex];
  if (cell && cell.classList.contains("num")) head.classList.add("num");
}
for (const table of $$("table[data-rows]")) rows(table, table.hasAttribute("data-pickable") ? bulk(table) : null);
