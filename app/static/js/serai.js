// The frame of every page: side bar, menus, dialogs, messages, keyboard. Other modules load where they are needed.
import { $, $$, confirm, recall, remember, text, writing } from "./tools.js";

const root = document.documentElement;

function foldSide() {
  const rail = root.dataset.side !== "rail";
  if (rail) root.dataset.side = "rail"; else delete root.dataset.side;
  remember("serai.side", rail ? "rail" : null);
}

function drawer(open) {
  if (open) root.dataset.drawer = "open"; else delete root.dataset.drawer;
  const target = open ? $("#side a") : $("[data-drawer-open]");
  if (target) target.focus();
}

function sections() {
  const closed = new Set(JSON.parse(recall("serai.sections") || "[]"));
  for (const section of $$("details[data-section]")) {
    if (closed.has(section.dataset.section) && !$("[aria-current]", section)) section.open = false;
    section.addEventListener("toggle", () => {
      section.open ? closed.delete(section.dataset.section) : closed.add(section.dataset.section);
      remember("serai.sections", JSON.stringify([...closed]));
    });
  }
  const current = $("#side [aria-current]");
  if (current) current.scrollIntoView({ block: "nearest" });
}

function switchScheme() {
  const dark = root.dataset.scheme ? root.dataset.scheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.scheme = dark ? "light" : "dark";
  remember("serai.scheme", root.dataset.scheme);
}

function closeDrops(except = null) {
  for (const drop of $$("details.drop[open]")) if (!except || !drop.contains(except)) drop.open = false;
}

function togglePanel(button) {
  const panel = document.getElementById(button.dataset.togglePanel);
  panel.hidden = !panel.hidden;
  button.setAttribute("aria-expanded", String(!panel.hidden));
  if (!panel.hidden) { const first = $('input:not([type="hidden"]), select, summary', panel); if (first) first.focus(); }
}

function reveal(button) {
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === "text";
  field.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
}

function pickTab(tab) {
  for (const other of $$('[role="tab"]', tab.parentElement)) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(other.getAttribute("aria-controls"));
    if (panel) panel.hidden = !chosen;
  }
}

const clicks = [
  ["[data-side-fold]", foldSide],
  ["[data-drawer-open]", () => drawer(true)],
  ["[data-drawer-close]", () => drawer(false)],
  ["[data-scheme-switch]", switchScheme],
  ["[data-dismiss-alert]", (button) => button.closest(".alert").remove()],
  ["[data-open-dialog]", (button) => { const dialog = document.getElementById(button.dataset.openDialog); if (dialog) { closeDrops(); dialog.showModal(); } }],
  ["[data-close-dialog]", (button) => button.closest("dialog").close()],
  ["[data-toggle-panel]", togglePanel],
  ["[data-reveal]", reveal],
  ["[data-print]", () => window.print()],
  ['[role="tab"]', pickTab],
];

document.addEventListener("click", (event) => {
  closeDrops(event.target);
  if (event.target.matches("dialog.box")) { event.target.close(); return; }
  const dead = event.target.closest('[aria-disabled="true"]');
  if (dead) { event.preventDefault(); return; }
  for (const [selector, action] of clicks) {
    const hit = event.target.closest(selector);
    if (hit) action(hit);
  }
});

// A form or a link with data-confirm asks first; the answer "yes" submits it as if nothing had happened.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const source = event.submitter && event.submitter.dataset.confirm ? event.submitter : form;
  if (source.dataset.confirm && !form.dataset.confirmed) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const danger = event.submitter && event.submitter.matches(".danger, .btn-danger");
    if (await confirm(source.dataset.confirm, source.dataset.confirmYes, danger)) {
      form.dataset.confirmed = "yes";
      form.requestSubmit(event.submitter || undefined);
      delete form.dataset.confirmed;
    }
    return;
  }
  if (form.method === "post" && event.submitter && !event.defaultPrevented) {
    if (form.dataset.sent) { event.preventDefault(); return; } // a double click is one submission
    form.dataset.sent = "yes";
    event.submitter.setAttribute("aria-busy", "true");
  }
}, true);
window.addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => delete form.dataset.sent));
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-confirm]");
  if (!link) return;
  event.preventDefault();
  if (await confirm(link.dataset.confirm, link.dataset.confirmYes)) location.href = link.href;
});

function go(selector) {
  const link = $(selector);
  if (link) link.click();
}

function openDrop(event, selector) {
  const drop = $(selector);
  if (!drop) return;
  event.preventDefault();
  drop.open = true;
  ($("a, button", $(".drop-menu", drop)) || $("summary", drop)).focus();
}

/** To what can be done: with the ticked rows of a list, or with the record. */
function steps(event) {
  const bar = $("[data-bulk]:not([hidden])");
  const first = bar ? $("button:not([hidden])", bar) : $(".page-head .buttons [data-open-dialog]");
  if (first) { event.preventDefault(); first.focus(); }
}

const keys = {
  "/": (event) => { const field = $("[data-list-search]") || $("[data-global-search]"); if (field) { event.preventDefault(); field.focus(); field.select(); } },
  "n": () => go("[data-key-new]"),
  "]": () => go('.pager a[rel="next"]'),
  "[": () => go('.pager a[rel="prev"]'),
  "f": (event) => { event.preventDefault(); go("[data-key-filter]"); },
  "s": (event) => openDrop(event, "[data-key-saved]"),
  "c": () => go("[data-key-columns]"),
  "e": () => go("[data-key-edit]"),
  "b": (event) => steps(event),
  "?": () => { const help = $("#keys"); if (help) help.showModal(); },
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { closeDrops(); if (root.dataset.drawer) drawer(false); return; }
  const tab = event.target.closest && event.target.closest('[role="tab"]');
  if (tab && /^(ArrowLeft|ArrowRight)$/.test(event.key)) {
    const forward = (event.key === "ArrowRight") === (root.dir !== "rtl");
    const next = forward ? tab.nextElementSibling : tab.previousElementSibling;
    if (next) { pickTab(next); next.focus(); }
  }
  if (!writing(event) && keys[event.key]) keys[event.key](event);
});

/** Warn before a half-filled form is lost. */
function guard(form) {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("change", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed && !form.dataset.left) { event.preventDefault(); event.returnValue = text("unsaved"); } });
}

sections();
const chosen = $(".states [aria-current]");
if (chosen && chosen.parentElement.scrollWidth > chosen.parentElement.clientWidth) chosen.scrollIntoView({ block: "nearest", inline: "center" });
$$("form[data-guard]").forEach(guard);
const notice = $("[data-focus]");
if (notice) notice.focus();

const modules = {
  "[data-rows], [data-pickable]": "lists", "[data-filters], [data-desk-filters], .filter-form": "filters",
  "select[multiple], select.my_select2, select[data-role], input.my_select2_ajax, input[data-role='select2-ajax'], [data-combo], [data-sku-source]": "combobox",
  ".appbuilder_date, .appbuilder_datetime, [data-date], [data-role='datepicker'], [data-role='datetimepicker']": "dates",
  "[data-cell], [data-inline-add]": "desk", "[data-lines-form]": "lines", "[data-progress-url]": "progress", "[data-wizard]": "wizard", "[data-columns]": "columns", "select[data-shows]": "shows",
  'input[type="file"]': "files", "form[data-put], form[data-cart], form[data-checkout], form[data-once], [data-compare]": "cart",
};
for (const [selector, name] of Object.entries(modules)) if ($(selector)) import(`./${name}.js`);

/** A document within the page is as high as what it says: the page scrolls, not a window inside it. */
for (const frame of $$("iframe.report-frame")) {
  const fit = () => {
    const shown = frame.contentDocument?.documentElement;
    if (shown && shown.scrollHeight) frame.style.blockSize = `${shown.querySelector("body").scrollHeight + 24}px`;
  };
  frame.addEventListener("load", fit);
  addEventListener("resize", fit);
  fit();
}
