// Choosing one of many: a text field with a list that is loaded while typing; and ticking several of many.
import { $, $$, icon, make, number, text, wait } from "./tools.js";

let serial = 0;

/** Rows of any of the servers: [{id, text}] of the framework, [[id, text]] of the data desk. */
function normal(rows) {
  const list = Array.isArray(rows) ? rows : rows.results || [];
  return list.map((row) => (Array.isArray(row) ? { id: row[0], text: row[1] } : row)).map((row) => ({ ...row, id: String(row.id), text: String(row.text) }));
}

/**
 * A combobox after the ARIA pattern. `source(term)` promises rows; `target` keeps the chosen id.
 * Shared with lines.js.
 */
export function combobox(input, { source, choose, free = false }) {
  const list = make("ul", { class: "combo-list", role: "listbox", id: `combo-${serial += 1}`, hidden: true });
  let rows = [], at = -1, asked = 0;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.autocomplete = "off";
  input.after(list);

  function close() { list.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); }
  function mark(index) {
    at = index;
    $$('[role="option"]', list).forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    const option = list.children[at];
    if (option) { input.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
  }
  function pick(row) { close(); choose(row); }
  function draw() {
    list.replaceChildren(...rows.map((row, index) => {
      const option = make("li", { role: "option", id: `${list.id}-${index}`, "aria-selected": "false" }, row.text);
      if (row.note) option.append(make("small", {}, row.note));
      option.addEventListener("mousedown", (event) => { event.preventDefault(); pick(row); });
      return option;
    }));
    if (!rows.length) list.append(make("li", { class: "say" }, text("none")));
    else if (rows.length >= 50) list.append(make("li", { class: "say" }, text("more")));
    list.hidden = false;
    const place = input.getBoundingClientRect();
    list.classList.toggle("up", place.bottom + 300 > innerHeight && place.top > 320);
    input.setAttribute("aria-expanded", "true");
    if (rows.length) mark(0);
  }
  async function ask(term) {
    const ticket = asked += 1;
    try {
      const found = await source(term);
      if (ticket !== asked || document.activeElement !== input) return;
      rows = found.slice(0, 50);
      draw();
    } catch { if (ticket === asked) { rows = []; list.replaceChildren(make("li", { class: "say" }, text("failed"))); list.hidden = false; } }
  }
  const later = wait(130, ask);
  input.addEventListener("input", () => later(input.value.trim()));
  input.addEventListener("blur", () => { asked += 1; close(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) ask(free ? input.value.trim() : "");
      else if (rows.length) mark((at + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % rows.length);
    } else if (event.key === "Enter" && !list.hidden && rows[at]) { event.preventDefault(); event.stopImmediatePropagation(); pick(rows[at]); }
    else if (event.key === "Tab" && !list.hidden && rows[at] && input.value.trim()) pick(rows[at]);
    else if (event.key === "Escape" && !list.hidden) { event.stopPropagation(); close(); }
  });
  return { close, open: () => ask("") };
}

/** A visible combobox in front of a hidden field that keeps the id. */
function dress(target, { rows = null, endpoint = null, label = "", blank = true }) {
  const input = make("input", { type: "text", class: "form-control hint", id: `${target.id || target.name}-shown`, value: label, placeholder: text("any") });
  for (const name of ["aria-describedby", "aria-invalid", "aria-label", "required", "disabled"]) if (target.hasAttribute(name)) input.setAttribute(name, target.getAttribute(name));
  target.removeAttribute("required");
  const clear = make("button", { type: "button", class: "clear", "aria-label": text("clear"), tabindex: "-1" }, icon(blank ? "fa-xmark" : "fa-chevron-down"));
  const holder = make("div", { class: "combo" }, input, clear);
  target.after(holder);
  target.hidden = true;
  if (target.tagName === "INPUT") target.type = "hidden";
  for (const tag of $$(`label[for="${CSS.escape(target.id)}"]`)) tag.htmlFor = input.id;
  let shown = label;
  const fold = (said) => said.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  const local = (term, list) => list.filter((row) => fold(row.text).includes(fold(term)));
  const source = async (term) => {
    if (rows) return local(term, rows);
    const url = new URL(endpoint, location.href);
    url.searchParams.set(target.dataset.url ? "query" : "term", term);
    for (const name of (target.dataset.comboWith || "").split(" ").filter(Boolean)) url.searchParams.set(name, target.form.elements[name]?.value || "");
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const found = normal(await answer.json());
    return found.length > 50 ? local(term, found) : found; // the framework's own endpoints send everything
  };
  const choose = (row) => {
    target.value = row ? row.id : "";
    if (target.tagName === "SELECT" && row && target.value !== row.id) target.append(new Option(row.text, row.id, true, true));
    shown = input.value = row ? row.text : "";
    target.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const combo = combobox(input, { source, choose });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", combo.open);
  input.addEventListener("blur", () => { if (!input.value.trim() && blank) { if (target.value) choose(null); } else input.value = shown; });
  clear.addEventListener("click", () => { if (blank && target.value) { choose(null); } input.focus(); combo.open(); });
  return { input, choose, show: (said) => { shown = input.value = said; } };
}

async function remote(target) {
  const endpoint = target.getAttribute("endpoint") || target.dataset.combo || target.dataset.url;
  const given = target.dataset.json ? JSON.parse(target.dataset.json) : null;
  const field = dress(target, { endpoint, label: target.dataset.label || (given ? given[1] : "") });
  if (target.value && !field.input.value) {
    const url = new URL(endpoint, location.href);
    url.searchParams.set("id", target.value);
    const rows = normal(await (await fetch(url, { headers: { Accept: "application/json" } })).json());
    const row = rows.find((one) => one.id === target.value);
    if (row) field.show(row.text);
  }
}

function single(select) {
  if (select.options.length <= 9) return;
  const rows = $$("option", select).filter((option) => option.value && option.value !== "__None").map((option) => ({ id: option.value, text: option.textContent.trim() }));
  const chosen = select.selectedOptions[0];
  const blank = $$("option", select).some((option) => !option.value || option.value === "__None");
  dress(select, { rows, label: chosen && chosen.value && chosen.value !== "__None" ? chosen.textContent.trim() : "", blank });
}

function several(select) {
  const tags = make("div", { class: "tags" });
  const list = make("ul", {});
  const find = make("input", { type: "search", class: "control", placeholder: text("search"), "aria-label": text("search") });
  const holder = make("div", { class: "picks", role: "group" }, tags, select.options.length > 9 ? find : "", list);
  const boxes = new Map();
  const change = () => { draw(); select.dispatchEvent(new Event("change", { bubbles: true })); };
  function draw() {
    const chosen = $$("option", select).filter((option) => option.selected);
    if (chosen.length > 15) { tags.replaceChildren(text("selected", { count: number(chosen.length) })); return; }
    tags.replaceChildren(...chosen.map((option) => make("span", { class: "chip" }, make("span", {}, option.textContent),
      make("button", { type: "button", "aria-label": `${text("remove")}: ${option.textContent}`, onclick: () => { option.selected = false; boxes.get(option).checked = false; change(); } }, icon("fa-xmark")))));
  }
  for (const option of select.options) {
    const tick = make("input", { type: "checkbox" });
    tick.checked = option.selected;
    boxes.set(option, tick);
    tick.addEventListener("change", (event) => { event.stopPropagation(); option.selected = tick.checked; change(); });
    list.append(make("li", {}, make("label", {}, tick, option.textContent)));
  }
  if (!select.options.length) list.append(make("li", { class: "muted small" }, text("none")));
  find.addEventListener("input", () => { const term = find.value.toLocaleLowerCase(); for (const item of list.children) item.hidden = !item.textContent.toLocaleLowerCase().includes(term); });
  find.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  const label = $(`label[for="${CSS.escape(select.id)}"]`);
  if (label) { label.id = label.id || `${select.id}-label`; holder.setAttribute("aria-labelledby", label.id); }
  select.hidden = true;
  select.after(holder);
  draw();
}

/** A field for a SKU that completes what is typed; what is typed counts, listed or not. */
function sku(input) {
  const source = async (term) => {
    if (!term) return [];
    const url = new URL(input.dataset.skuSource, location.href);
    url.searchParams.set("term", term);
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return normal(await answer.json());
  };
  const holder = make("div", { class: "combo" });
  input.before(holder);
  holder.append(input);
  combobox(input, { source, free: true, choose: (row) => { input.value = row.id; } });
}

export function start(root = document) {
  const fresh = (selector) => $$(selector, root).filter((field) => !field.dataset.dressed && (field.dataset.dressed = "yes"));
  fresh("select[multiple]").forEach(several);
  fresh("input[data-sku-source]").forEach(sku);
  fresh("select.my_select2, select[data-role='select2'], select[data-combo]").forEach(single);
  fresh("input.my_select2_ajax, input[data-role='select2-ajax'], input[data-combo]").forEach(remote);
}
start();
