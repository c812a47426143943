// Small helpers that every module shares.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => Array.from(root.querySelectorAll(selector));

const box = document.getElementById("page-texts");
const texts = box ? JSON.parse(box.textContent) : {};
/** A translated text of the page; {name} is replaced by values.name. */
export function text(key, values = {}) {
  return Object.entries(values).reduce((said, [name, value]) => said.replace(`{${name}}`, value), texts[key] || key);
}

const native = () => document.documentElement.dataset.digits === "native";
/** The reader's digits and separators, for numbers that the page itself counts. */
export function number(value) {
  return new Intl.NumberFormat(document.documentElement.lang || "en", native() ? {} : { numberingSystem: "latn" }).format(value);
}

/** A number as programs write it ("12.5"), in the reader's digits: how a field is filled in before anybody types. */
export function written(plain) {
  return native() ? String(plain).replace(/[0-9]/g, (digit) => String.fromCharCode(0x06F0 + Number(digit))).replace(".", "٫") : String(plain);
}

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name) {
  return make("i", { class: `fa-solid ${name}`, "aria-hidden": "true" });
}

export function remember(key, value) {
  try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value); } catch { /* storage is off */ }
}

export function recall(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

export function wait(milliseconds, action) {
  let timer;
  return (...values) => { clearTimeout(timer); timer = setTimeout(() => action(...values), milliseconds); };
}

export function csrf() {
  const tag = $('meta[name="csrf-token"]');
  return tag ? tag.content : "";
}

const symbols = { success: "fa-circle-check", warning: "fa-triangle-exclamation", danger: "fa-circle-exclamation" };
/** A passing message in the corner; danger stays until it is closed. */
export function toast(message, kind = "info") {
  const note = make("div", { class: `alert alert-${kind}` }, icon(symbols[kind] || "fa-circle-info"), make("div", { class: "text" }, message),
    make("button", { type: "button", class: "close", "aria-label": text("close"), onclick: () => note.remove() }, "×"));
  $("#toasts").append(note);
  if (kind !== "danger") setTimeout(() => note.remove(), 6000);
}

/** Ask through the one confirmation box; resolves to true or false. */
export function confirm(question, yes = "", danger = false) {
  const dialog = $("#confirm");
  $("[data-question]", dialog).textContent = question;
  const button = $("[data-default-yes]", dialog);
  button.textContent = yes || button.dataset.defaultYes;
  button.className = `btn ${danger ? "btn-danger solid" : "btn-primary"}`;
  dialog.returnValue = "no";
  dialog.showModal();
  button.focus();
  return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }));
}

/** True while the reader writes: single-key shortcuts must keep quiet. */
export function writing(event) {
  const target = event.target;
  return event.ctrlKey || event.metaKey || event.altKey || target.isContentEditable
    || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && !/^(checkbox|radio)$/.test(target.type) || $("dialog[open]") !== null;
}
