// Rows of conditions above a list: field, operator, value. One builder for the framework's lists and for the data desk.
import { $, $$, icon, make, text } from "./tools.js";

function fragment(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html; // the server's own form field
  return holder.content.firstElementChild;
}

function row(label, operators, chosen) {
  const remove = make("button", { type: "button", class: "icon-btn", "aria-label": `${text("remove")}: ${label}` }, icon("fa-xmark"));
  const select = make("select", { class: "control", "aria-label": label });
  operators.forEach((operator, index) => select.append(new Option(operator, index, false, index === chosen)));
  const value = make("div", { class: "value" });
  const line = make("div", { class: "filter-row" }, make("span", { class: "name" }, label), select, value, remove);
  remove.addEventListener("click", () => line.remove());
  return { line, select, value };
}

function enhance() {
  if ($("select[multiple], select.my_select2, input.my_select2_ajax", document)) import("./combobox.js").then((module) => module.start());
  if ($(".appbuilder_date, .appbuilder_datetime, [data-date]", document)) import("./dates.js").then((module) => module.start());
}

/** The framework's search: names _flt_<operator>_<column>, fields drawn by the server. */
function framework(form) {
  const spec = JSON.parse($("[data-filter-spec]", form).textContent);
  const place = $("[data-filter-rows]", form);
  function add(column, operator = 0, given = null) {
    if (!spec.operators[column] || !spec.operators[column].length) return null;
    const { line, select, value } = row(spec.labels[column], spec.operators[column], operator);
    const holder = fragment(spec.fields[column]);
    value.append(holder);
    const field = holder.matches("input, select, textarea") ? holder : $("input, select, textarea", holder);
    field.removeAttribute("id");
    field.removeAttribute("required");
    field.removeAttribute("placeholder");
    field.classList.add("control");
    field.setAttribute("aria-label", spec.labels[column]);
    const rename = () => { field.name = `_flt_${select.value}_${column}`; };
    select.addEventListener("change", rename);
    rename();
    if (given !== null) { if (field.type === "checkbox") field.checked = Boolean(given) && given !== "false"; else field.value = given; }
    place.append(line);
    enhance();
    return field;
  }
  for (const [column, name, given] of spec.active) {
    const operator = (spec.operators[column] || []).indexOf(name);
    for (const one of Array.isArray(given) ? given : [given]) if (operator >= 0) add(column, operator, one);
  }
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-filter-add]");
    if (!button) return;
    button.closest("details").open = false;
    const field = add(button.dataset.filterAdd);
    if (field) field.focus();
  });
  const panel = form.closest("#filters");
  if (panel && place.children.length) {
    panel.hidden = false;
    $$('[data-toggle-panel="filters"]').forEach((button) => button.setAttribute("aria-expanded", "true"));
  }
}

/** The data desk: names flt<n>_<argument>, a field made from the operator's options. */
function desk(form) {
  const spec = JSON.parse($("[data-filter-spec]", form).textContent);
  const place = $("[data-filter-rows]", form);
  let count = 0;
  function add(name, index = null, given = "") {
    const operators = spec.groups[name];
    const chosen = Math.max(operators.findIndex((operator) => operator.index === index), 0);
    const { line, select, value } = row(name, operators.map((operator) => operator.operation), chosen);
    const number = count++;
    const draw = () => {
      const operator = operators[Number(select.value)];
      const said = value.firstChild ? value.firstChild.value : given;
      const field = operator.options ? make("select", { class: "control" }, ...operator.options.map(([key, label]) => new Option(label, key, false, key === said)))
        : make("input", { class: "control", type: "text", value: said, "data-date": operator.type === "datepicker" });
      field.name = `flt${number}_${operator.arg}`;
      field.setAttribute("aria-label", name);
      value.replaceChildren(field);
    };
    select.addEventListener("change", draw);
    draw();
    place.append(line);
    return value.firstChild;
  }
  spec.active.forEach(([index, name, given]) => add(name, index, given));
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-filter-add]");
    if (!button) return;
    button.closest("details").open = false;
    add(button.dataset.filterAdd).focus();
  });
}

/** Conditions left empty are not asked. */
function forget(form) {
  form.addEventListener("submit", () => { for (const field of $$(".value [name], .field [name]", form)) if (!field.value) field.disabled = true; });
}

$$("form[data-filters], form[data-desk-filters], form.filter-form").forEach(forget);
$$("form[data-filters]").forEach(framework);
$$("form[data-desk-filters]").forEach(desk);
