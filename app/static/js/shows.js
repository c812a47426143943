// A select field that decides which other fields of its form are asked: data-shows='{"value": ["field", ...]}'.
import { $, $$ } from "./tools.js";

const selects = $$("select[data-shows]");

function apply() {
  const hidden = new Set();
  for (const select of selects) {
    const shows = JSON.parse(select.dataset.shows);
    const place = select.closest("[data-field]");
    const asked = place && hidden.has(place.dataset.field) ? [] : shows[select.value] || [];
    for (const names of Object.values(shows)) for (const name of names) if (!asked.includes(name)) hidden.add(name);
    for (const name of asked) if (!selects.some((other) => other !== select && hidesItself(other, name))) hidden.delete(name);
  }
  for (const box of $$("[data-field]")) box.hidden = hidden.has(box.dataset.field);
  for (const group of $$("fieldset")) if ($("[data-field]", group)) group.hidden = $$("[data-field]", group).every((box) => box.hidden);
}

/** Whether another select that is asked itself does not want the field now. */
function hidesItself(other, name) {
  const shows = JSON.parse(other.dataset.shows);
  return Object.values(shows).flat().includes(name) && !(shows[other.value] || []).includes(name);
}

for (const select of selects) select.addEventListener("change", apply);
apply();
