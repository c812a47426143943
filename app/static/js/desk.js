// The data desk: a cell is edited where it stands, saved at once, and says at the cell why it was refused.
import { $, $$, csrf, icon, make, text } from "./tools.js";

function choices(cell) { return cell.dataset.source ? JSON.parse(cell.dataset.source) : null; }

function editor(cell) {
  const options = choices(cell);
  const value = cell.dataset.value ?? cell.textContent.trim();
  if (options) {
    const select = make("select", { class: "cell-editor" }, ...options.map((option) => new Option(option.text, option.value, false, String(option.value) === value || option.text === value)));
    return select;
  }
  if (cell.dataset.type === "textarea") { const area = make("textarea", { class: "cell-editor", rows: "3" }); area.value = value; return area; }
  const figure = cell.dataset.type === "number";
  return make("input", { class: `cell-editor${figure ? " num" : ""}`, type: "text", inputmode: figure ? "decimal" : null, value });
}

function neighbour(cell, down) {
  const column = cell.closest("td").cellIndex;
  const row = cell.closest("tr")[down ? "nextElementSibling" : "previousElementSibling"];
  return row ? $("[data-cell]", row.cells[column]) : null;
}

function beside(cell, back) {
  const cells = $$("[data-cell]", cell.closest("table"));
  return cells[cells.indexOf(cell) + (back ? -1 : 1)] || null;
}

function complain(cell, message) {
  const old = cell.parentElement.querySelector(".cell-why");
  if (old) old.remove();
  cell.classList.toggle("refused", Boolean(message));
  if (message) cell.after(make("span", { class: "cell-why", role: "alert" }, icon("fa-circle-exclamation"), ` ${message}`));
}

async function save(cell, value, shown) {
  const body = new URLSearchParams({ list_form_pk: cell.dataset.pk, [cell.getAttribute("name") || cell.name]: value, csrf_token: csrf() });
  cell.classList.remove("saved");
  cell.classList.add("saving");
  try {
    const answer = await fetch(new URL(cell.dataset.url, location.href), { method: "POST", headers: { "X-CSRFToken": csrf(), "X-Requested-With": "XMLHttpRequest" }, body });
    const written = await answer.text();
    const json = (answer.headers.get("Content-Type") || "").includes("json") ? JSON.parse(written) : {};
    if (!answer.ok) { complain(cell, json.message || (written.length < 400 && !written.startsWith("<") ? written : text("failed"))); return false; }
    complain(cell, "");
    cell.dataset.value = value;
    cell.replaceChildren(make("bdi", {}, json.display ?? shown));
    cell.classList.add("saved");
    setTimeout(() => cell.classList.remove("saved"), 1600);
    return true;
  } catch { complain(cell, text("failed")); return false; } finally { cell.classList.remove("saving"); }
}

function edit(cell) {
  const field = editor(cell);
  const before = field.value;
  let open = true;
  cell.hidden = true;
  cell.before(field);
  field.setAttribute("aria-label", cell.getAttribute("aria-label") || "");
  field.focus();
  if (field.select) field.select();
  async function leave(keep, next) {
    if (!open) return;
    open = false;
    const value = field.value;
    const shown = field.tagName === "SELECT" ? field.selectedOptions[0].text : value;
    field.remove();
    cell.hidden = false;
    const target = next || cell;
    if (keep && value !== before) { const done = await save(cell, value, shown); if (!done) { cell.focus(); return; } }
    if (next !== null) { target.focus(); if (next) edit(next); }
  }
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); leave(false); }
    else if (event.key === "Enter" && (field.tagName !== "TEXTAREA" || event.ctrlKey)) { event.preventDefault(); leave(true, neighbour(cell, !event.shiftKey) || undefined); }
    else if (event.key === "Tab") { event.preventDefault(); leave(true, beside(cell, event.shiftKey) || undefined); }
  });
  field.addEventListener("blur", () => leave(true, null));
}

document.addEventListener("click", (event) => {
  const cell = event.target.closest("[data-cell]");
  if (cell) { event.preventDefault(); edit(cell); }
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches || !event.target.matches("[data-cell]")) return;
  const next = { ArrowDown: () => neighbour(event.target, true), ArrowUp: () => neighbour(event.target, false) }[event.key];
  if (next) { event.preventDefault(); const cell = next(); if (cell) cell.focus(); }
  else if (event.key === "Enter" || event.key === "F2" || event.key === " ") { event.preventDefault(); event.stopPropagation(); edit(event.target); }
});

// Rows inside a form: a new one is drawn from the template and numbered as Flask-Admin expects.
document.addEventListener("click", (event) => {
  const remove = event.target.closest("[data-inline-remove]");
  if (remove) { remove.closest(".inline-item").remove(); return; }
  const button = event.target.closest("[data-inline-add]");
  if (!button) return;
  const box = button.closest(".inline-list");
  const list = $("[data-inline-list]", box);
  const used = [...list.children].map((item) => parseInt(item.id.split("-").pop(), 10));
  const prefix = `${box.id}-${Math.max(-1, ...used) + 1}`;
  const item = $("[data-inline-template]", box).content.firstElementChild.cloneNode(true);
  item.id = prefix;
  for (const field of $$("[name]", item)) { field.id = field.id ? `${prefix}-${field.id}` : prefix; field.name = field.name ? `${prefix}-${field.name}` : prefix; }
  list.append(item);
  import("./combobox.js").then((module) => module.start(item));
});
