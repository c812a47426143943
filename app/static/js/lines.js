// An order on one screen: header fields and lines, made for the keyboard. The endpoints are described in docs/theme.md.
import { combobox } from "./combobox.js";
import { start as dates } from "./dates.js";
import { $, $$, csrf, icon, make, number, toast, wait, written } from "./tools.js";

const form = $("[data-lines-form]");
const body = $("[data-lines]", form);
const given = JSON.parse($("[data-lines-given]", form).textContent);
const said = given.texts;
const locked = new Set((form.dataset.locked || "").split(" ")); // what of the lines the reader cannot change: add, remove, quantity
const show = (row, name, value) => { $(`[data-${name}]`, row).textContent = value ?? ""; };
const header = () => Object.fromEntries($$(".order-head [name]", form).filter((field) => !field.disabled && field.type !== "file").map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value.trim()]));
const more = (row) => $$("[data-line-field]", row); // what a noun asks for beside SKU and quantity
const asked = (row) => Object.fromEntries(more(row).filter((field) => field.value.trim()).map((field) => [field.dataset.lineField, field.matches(".num") ? plain(field.value) : field.value.trim()]));
const named = (row) => ($("[data-line-field=name]", row)?.value || "").trim(); // what is asked for in words, without a SKU
const filled = () => $$("tr", body).filter((row) => $("[data-sku]", row).value.trim() || named(row));
const place = (field) => field.type === "hidden" ? $("input", field.nextElementSibling) : field; // a date is typed beside its field

/** Digits of any script as plain ASCII: people type what their keyboard gives. */
function plain(value) {
  return value.trim().replace(/[۰-۹]/g, (digit) => digit.charCodeAt(0) - 0x06F0).replace(/[٠-٩]/g, (digit) => digit.charCodeAt(0) - 0x0660).replace("٫", ".");
}

function address(base, values) {
  const url = new URL(base, location.href);
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== "") url.searchParams.set(name, value);
  return url;
}

function refuse(row, message) {
  const why = $("[data-why]", row);
  row.classList.toggle("refused", Boolean(message));
  why.hidden = !message;
  why.replaceChildren(...(message ? [icon("fa-circle-exclamation"), make("span", {}, message)] : []));
}

const FIGURES = ["unit-price", "amount", "source", "availability"];
function clear(row, names) { for (const name of names) if ($(`[data-${name}]`, row)) show(row, name, ""); }

function renumber() { $$("tr", body).forEach((row, index) => show(row, "line-number", number(index + 1))); }

const total = wait(250, async () => {
  const place = $("[data-lines-totals]", form);
  const url = form.dataset.totalUrl;
  if (!url) return;
  const answer = await send(url, "POST", payload(false, filled().filter((row) => !row.classList.contains("refused"))));
  if (!answer.ok) return;
  place.replaceChildren(...answer.body.rows.map(([label, value], index, all) => make("div", { class: index === all.length - 1 ? "grand" : "" }, make("span", {}, label), make("bdi", { class: "num" }, value))));
});

async function price(row) {
  const sku = $("[data-sku]", row).value.trim();
  const quantity = plain($("[data-quantity]", row).value) || "1";
  const question = JSON.stringify([sku, quantity, header().customer, header().currency, asked(row)]);
  if (question === row.question) return; // leaving a field and Enter both ask
  row.question = question; // a reason that is shown stays until there is an answer
  if (!sku && !named(row)) { refuse(row, ""); clear(row, ["name", "unit", ...FIGURES]); total(); return; }
  const head = header();
  if (head.customer === "") { refuse(row, said.customer); return; } // prices are the customer's
  const ticket = row.ticket = (row.ticket || 0) + 1;
  try {
    const answer = await fetch(address(form.dataset.priceUrl, { customer: head.customer, currency: head.currency, sku, quantity, line: row.dataset.id, ...asked(row) }), { headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (ticket !== row.ticket) return;
    if (!answer.ok) { // what stood there is the price of something else
      refuse(row, found.message);
      clear(row, row.priced === sku ? FIGURES : ["name", "unit", ...FIGURES]);
      total();
      return;
    }
    row.priced = sku;
    show(row, "name", found.name);
    show(row, "unit", found.unit);
    if ($("[data-unit-price]", row)) show(row, "unit-price", found.unit_price_text ?? found.unit_price);
    for (const field of more(row)) if (found.given && found.given[field.dataset.lineField]) field.placeholder = field.matches(".num") ? written(found.given[field.dataset.lineField]) : found.given[field.dataset.lineField];
    show(row, "amount", found.amount_text ?? found.amount);
    if ($("[data-source]", row)) show(row, "source", [found.source, found.break_text].filter(Boolean).join(" · "));
    show(row, "availability", found.available_text ?? found.available);
    $("[data-availability]", row).className = `availability ${found.enough === false ? "short" : "good"}`;
    refuse(row, found.refused ? found.refused.message || found.refused : "");
    total();
  } catch { row.question = ""; if (ticket === row.ticket) toast(said.failed, "danger"); }
}

let count = 0;
function add(line = {}) {
  const row = $("[data-line-template]", form).content.firstElementChild.cloneNode(true);
  const sku = $("[data-sku]", row), quantity = $("[data-quantity]", row);
  if (line.id) row.dataset.id = line.id;
  sku.value = line.sku || "";
  quantity.value = written(line.quantity || "");
  if (line.id) { sku.readOnly = locked.has("add") || locked.has("remove"); quantity.readOnly = locked.has("quantity"); $("[data-line-remove]", row).hidden = locked.has("remove"); }
  body.append(row);
  renumber();
  const source = async (term) => {
    if (!term) return [];
    const head = header();
    const answer = await fetch(address(form.dataset.productsUrl, { term, customer: head.customer, currency: head.currency }), { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  };
  const combo = combobox(sku, { source, free: true, choose: (found) => { sku.value = found.id; if (!quantity.value) quantity.value = written(1); quantity.focus(); quantity.select(); price(row); } });
  const ask = wait(180, () => price(row));
  sku.addEventListener("change", () => price(row));
  quantity.addEventListener("input", ask);
  for (const field of more(row)) {
    field.id = `${field.dataset.lineField}-${count += 1}`;
    if (line[field.dataset.lineField]) field.value = field.matches(".num") ? written(line[field.dataset.lineField]) : line[field.dataset.lineField];
  }
  dates();
  for (const field of more(row)) {
    field.addEventListener(field.matches("select, [data-date]") ? "change" : "input", ask);
    place(field).addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const fields = more(row), next = fields[fields.indexOf(field) + 1];
      (next ? place(next) : $("[data-sku]", below(row))).focus();
    });
  }
  sku.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); combo.close(); if (sku.value.trim()) { if (!quantity.value) quantity.value = written(1); quantity.focus(); quantity.select(); price(row); } }
  });
  quantity.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) { event.preventDefault(); (more(row).length ? place(more(row)[0]) : $("[data-sku]", below(row))).focus(); }
  });
  row.addEventListener("keydown", (event) => {
    const sibling = event.altKey && event.key === "ArrowDown" ? row.nextElementSibling : event.altKey && event.key === "ArrowUp" ? row.previousElementSibling : null;
    if (sibling) { event.preventDefault(); $(event.target.matches("[data-quantity]") ? "[data-quantity]" : "[data-sku]", sibling).focus(); }
  });
  $("[data-line-remove]", row).addEventListener("click", () => { const next = row.nextElementSibling || row.previousElementSibling; row.remove(); renumber(); if (!next && !locked.has("add")) add(); ($("[data-sku]", next || body) || $("[data-submit-order]", form) || body).focus(); total(); });
  if (line.sku || named(row)) price(row);
  if (line.reason) refuse(row, line.reason);
  return row;
}

/** The row after one; a new one where there is none, unless no product may be added. */
function below(row) { return row.nextElementSibling || (locked.has("add") ? row : add()); }

function payload(submit, rows = filled()) {
  const record = { ...header(), lines: rows.map((row) => ({ ...(row.dataset.id ? { id: row.dataset.id } : {}), sku: $("[data-sku]", row).value.trim(), quantity: plain($("[data-quantity]", row).value) || "1", ...asked(row) })) };
  if (submit) record.submit = true;
  if (form.dataset.version) record.version = Number(form.dataset.version);
  return record;
}

async function send(url, method, content, key = "") {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() };
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetch(url, { method, headers, body: JSON.stringify(content) });
  return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => ({})) };
}

function complain(answer) {
  const place = $("[data-lines-errors]", form);
  const rows = filled();
  const details = answer.body.details || {};
  const lines = answer.body.lines || details.lines || [];
  rows.forEach((row) => refuse(row, ""));
  for (const line of lines) if (rows[line.index]) refuse(rows[line.index], line.message);
  for (const [name, message] of Object.entries(answer.body.fields || details.fields || {})) {
    const box = $(`.order-head [data-field="${CSS.escape(name)}"]`, form);
    if (!box) continue;
    $$(".errors", box).forEach((old) => old.remove());
    box.append(make("ul", { class: "errors", role: "alert" }, make("li", {}, icon("fa-circle-exclamation"), make("span", {}, String(message)))));
  }
  place.replaceChildren(make("div", { class: "alert alert-danger" }, icon("fa-circle-exclamation"), make("div", { class: "text" }, answer.body.message || said.failed, lines.length ? make("div", { class: "small" }, said.kept) : "")));
  place.hidden = false;
  const first = $("tr.refused [data-sku]", body);
  if (first) first.focus(); else place.scrollIntoView({ block: "nearest" });
}

/** Send the files chosen in the head to the record that was saved; false when one of them was refused. */
async function attach(id) {
  const chosen = $$('.order-head input[type="file"]', form).flatMap((field) => Array.from(field.files));
  let all = true;
  for (const file of chosen) {
    const content = new FormData();
    content.append("csrf_token", csrf());
    content.append("file", file);
    const answer = await fetch(form.dataset.attachUrl.replace("/0", `/${id}`), { method: "POST", body: content, redirect: "manual" });
    all = all && (answer.ok || answer.type === "opaqueredirect");
  }
  return all;
}

// What is typed of a new order is kept on the server as it is typed; a page left by mistake loses nothing.
let sending = false;
const keep = wait(1000, async () => {
  if (sending || form.dataset.left) return;
  try { const answer = await send(form.dataset.keepUrl, "POST", payload(false)); if (answer.ok) $("[data-lines-note]", form).textContent = answer.body.message; } catch { /* the page still warns before it is left */ }
});
if (form.dataset.keepUrl) for (const kind of ["input", "change"]) form.addEventListener(kind, keep);
for (const one of $$("#forget-begun")) one.addEventListener("submit", () => { form.dataset.left = "yes"; });

let key = "", last = "";
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopPropagation();
  if (!filled().length) { toast(said.empty, "warning"); $("[data-sku]", body).focus(); return; }
  const content = payload(Boolean(event.submitter && event.submitter.matches("[data-submit-order]")));
  const written = JSON.stringify(content);
  if (written !== last) { last = written; key = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`; } // the same order twice is one order
  sending = true;
  const buttons = $$('button[type="submit"]', form);
  buttons.forEach((button) => { button.disabled = true; });
  $("[data-lines-note]", form).textContent = said.saving;
  try {
    const answer = await send(form.dataset.saveUrl, form.dataset.method, content, key);
    if (answer.ok && answer.body.url) { location.assign(answer.body.url + (await attach(answer.body.id) ? "" : "?attached=no#attachments")); return; }
    complain(answer);
  } catch { toast(said.failed, "danger"); }
  buttons.forEach((button) => { button.disabled = false; button.removeAttribute("aria-busy"); });
  delete form.dataset.sent;
  sending = false;
  $("[data-lines-note]", form).textContent = "";
});

// Enter in the head goes on to the next field; only Ctrl+Enter and the buttons send the order.
$(".order-head", form).addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || /^(TEXTAREA|SUMMARY|BUTTON)$/.test(event.target.tagName) || event.defaultPrevented) return;
  event.preventDefault();
  const all = $$('.order-head :is(input, select, textarea):not([type="hidden"], [hidden]), [data-sku]', form);
  const fields = all.filter((field) => field.getClientRects().length);  // not those folded away
  const next = fields[fields.indexOf(event.target) + 1];
  if (next) next.focus();
});
form.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit($("[data-submit-order]", form) || $('button[type="submit"]', form)); });
$("[data-line-add]", form).addEventListener("click", () => $("[data-sku]", add()).focus());
$(".order-head", form).addEventListener("change", (event) => { if (/^(customer|currency)$/.test(event.target.name)) filled().forEach(price); else if (/^(discount_|delivery_address$)/.test(event.target.name)) total(); });
given.lines.forEach(add);
if (locked.has("add")) $("[data-line-add]", form).hidden = true;
const first = locked.has("add") ? null : add();
if (first && new URLSearchParams(location.search).get("sku")) {
  const asked = new URLSearchParams(location.search);
  $("[data-sku]", first).value = asked.get("sku");
  $("[data-quantity]", first).value = written(asked.get("quantity") || "1");
  price(first);
  $("[data-sku]", add()).focus();
}
