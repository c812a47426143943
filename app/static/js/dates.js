// Date fields in the reader's calendar. What is sent is always the ISO date of the Gregorian calendar.
import { $, $$, icon, make, text } from "./tools.js";

const root = document.documentElement;
const calendar = root.dataset.calendar === "jalali" ? "persian" : "gregory";
const locale = `${root.lang || "en"}-u-ca-${calendar}`;
const day = 86400000;
const west = new Intl.DateTimeFormat(`en-u-ca-${calendar}-nu-latn`, { year: "numeric", month: "numeric", day: "numeric", timeZone: "UTC" });
const heading = new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", timeZone: "UTC" });
const firstDay = { fa: 6 }[(root.lang || "en").slice(0, 2)] ?? 1; // Saturday in Persian, else Monday

/** Year, month and day of an instant in the reader's calendar. */
function parts(time) {
  const found = Object.fromEntries(west.formatToParts(time).map((part) => [part.type, parseInt(part.value, 10)]));
  return { year: found.year, month: found.month, day: found.day };
}

const pad = (value) => String(value).padStart(2, "0");
/** A day as the reader writes it; the same forms as on the server. */
function said(time) {
  const { year, month, day: date } = parts(time);
  const language = (root.lang || "en").slice(0, 2);
  if (calendar === "persian") return `${year}/${pad(month)}/${pad(date)}`.replace(/\d/g, (digit) => String.fromCharCode(0x06F0 + Number(digit)));
  if (language === "zh") return `${year}-${pad(month)}-${pad(date)}`;
  return [pad(date), pad(month), year].join(language === "en" || language === "fa" ? "/" : ".");
}

const iso = (time) => new Date(time).toISOString().slice(0, 10);
const fromIso = (value) => { const time = Date.parse(`${value.slice(0, 10)}T00:00:00Z`); return Number.isNaN(time) ? null : time; };
const monthStart = (time) => time - (parts(time).day - 1) * day;

/** The instant of a day of the reader's calendar, found by steps: both calendars agree within a few days of an estimate. */
function instant(year, month, date) {
  let time = calendar === "persian" ? Date.UTC(year + 621, month + 1, date + 20) : Date.UTC(year, month - 1, date);
  for (let step = 0; step < 60; step += 1) {
    const at = parts(time);
    const off = (year - at.year) * 372 + (month - at.month) * 31 + (date - at.day);
    if (off === 0) return time;
    time += Math.sign(off) * Math.max(1, Math.floor(Math.abs(off) * 0.95)) * day;
  }
  return null;
}

/** What people type: 2026-11-21, 21/11/2026, 21.11.2026, ۱۴۰۵/۰۸/۳۰; null when it is no date. */
export function parse(value) {
  const plain = value.trim().replace(/[۰-۹]/g, (digit) => digit.charCodeAt(0) - 0x06F0).replace(/[٠-٩]/g, (digit) => digit.charCodeAt(0) - 0x0660);
  const found = plain.match(/^(\d{1,4})\D+(\d{1,2})\D+(\d{1,4})$/);
  if (!found) return null;
  const [first, month, last] = found.slice(1).map(Number);
  const [year, date] = first > 31 ? [first, last] : [last, first];
  if (month < 1 || month > 12 || date < 1 || date > 31) return null;
  if (year > 1700 && calendar === "persian") return fromIso(`${year}-${String(month).padStart(2, "0")}-${String(date).padStart(2, "0")}`);
  return instant(year, month, date);
}

function grid(shown, chosen, pick) {
  const start = monthStart(shown);
  const month = parts(start).month;
  const lead = (new Date(start).getUTCDay() - firstDay + 7) % 7;
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "narrow", timeZone: "UTC" });
  const number = new Intl.DateTimeFormat(locale, { day: "numeric", timeZone: "UTC" });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone: "UTC" });
  const head = make("tr");
  const body = make("tbody");
  for (let column = 0; column < 7; column += 1) head.append(make("th", { scope: "col" }, weekday.format(start + (column - lead) * day)));
  for (let week = 0; week < 6; week += 1) {
    const line = make("tr");
    for (let column = 0; column < 7; column += 1) {
      const time = start + (week * 7 + column - lead) * day;
      const outside = parts(time).month !== month;
      line.append(make("td", {}, make("button", { type: "button", tabindex: "-1", "data-time": time, "aria-label": full.format(time), "aria-pressed": String(time === chosen),
        class: `${outside ? "other" : ""} ${iso(time) === iso(Date.now()) ? "today" : ""}`, onclick: () => pick(time) }, number.formatToParts(time).find((part) => part.type === "day").value)));
    }
    if (week > 3 && parts(start + (week * 7 - lead) * day).month !== month) break;
    body.append(line);
  }
  return make("table", {}, make("thead", {}, head), body);
}

function dress(target) {
  const timed = target.matches(".appbuilder_datetime input, [data-role='datetimepicker'], [data-date='time']");
  const clock = timed && target.value.length > 10 ? target.value.slice(11, 16) : "";
  const holder = make("div", { class: "date" });
  const shown = make("input", { type: "text", class: "form-control hint", id: `${target.id || target.name}-shown`, inputmode: "numeric", autocomplete: "off", placeholder: said(Date.now()) });
  for (const name of ["aria-describedby", "aria-invalid", "aria-label", "disabled"]) if (target.hasAttribute(name)) shown.setAttribute(name, target.getAttribute(name));
  const time = timed ? make("input", { type: "time", class: "form-control", value: clock, "aria-label": target.getAttribute("aria-label") || "" }) : null;
  const open = make("button", { type: "button", class: "open", "aria-label": text("open_calendar"), tabindex: "-1" }, icon("fa-calendar"));
  holder.append(shown, open);
  (target.closest(".input-group") || target).after(time ? make("div", { class: "row timed" }, holder, time) : holder);
  for (const tag of $$(`label[for="${CSS.escape(target.id)}"]`)) tag.htmlFor = shown.id;
  target.type = "hidden";
  let value = target.value ? fromIso(target.value) : null;
  let popup = null;
  const write = (tell = true) => {
    target.value = value === null ? "" : iso(value) + (time ? ` ${time.value || "00:00"}:00` : "");
    shown.value = value === null ? "" : said(value);
    shown.removeAttribute("aria-invalid");
    if (tell) target.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const close = () => { if (popup) popup.remove(); popup = null; };
  const pick = (chosen) => { value = chosen; write(); close(); shown.focus(); };
  function show(month) {
    close();
    const start = monthStart(month);
    const step = (by) => () => show(by < 0 ? monthStart(start - day) : start + 32 * day);
    const button = (label, name, by) => make("button", { type: "button", class: "icon-btn", "aria-label": label, tabindex: "-1", onclick: step(by) }, icon(`${name} flip`));
    popup = make("div", { class: "calendar" }, make("header", {}, button(text("previous_month"), "fa-chevron-left", -1), heading.format(start), button(text("next_month"), "fa-chevron-right", 1)), grid(start, value, pick));
    holder.append(popup);
  }
  open.addEventListener("click", () => (popup ? close() : show(value ?? Date.parse(iso(Date.now())))));
  document.addEventListener("mousedown", (event) => { if (popup && !holder.contains(event.target)) close(); });
  shown.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && popup) { event.stopPropagation(); close(); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); value = (value ?? Date.parse(iso(Date.now()))) + (event.key === "ArrowDown" ? day : -day); write(); if (popup) show(value); }
  });
  shown.addEventListener("change", () => {
    if (!shown.value.trim()) { value = null; write(); return; }
    const found = parse(shown.value);
    if (found === null) { target.value = shown.value; shown.setAttribute("aria-invalid", "true"); } // the server says what is wrong with it
    else { value = found; write(); }
  });
  if (time) time.addEventListener("change", () => write());
  if (value !== null) write(false);
}

export function start() {
  for (const field of $$(".appbuilder_date input, .appbuilder_datetime input, input[data-date], input[data-role='datepicker'], input[data-role='datetimepicker']")) {
    if (field.dataset.dressed || field.type === "hidden" || field.type === "time" || field.closest(".date:not(.input-group)")) continue;
    field.dataset.dressed = "yes";
    dress(field);
  }
}
start();
