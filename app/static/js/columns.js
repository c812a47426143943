// The columns of a list: each moves up and down in the order they are shown in.
import { $, $$ } from "./tools.js";

for (const form of $$("form[data-columns]")) form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const row = button.closest("[data-column]");
  const up = button.dataset.move === "up";
  const other = up ? row.previousElementSibling : row.nextElementSibling;
  if (other) { if (up) other.before(row); else other.after(row); }
  $(`[data-move="${button.dataset.move}"]`, row).focus(); // moving takes the focus away
});
