// File fields in the reader's language: the browser's own button speaks the browser's. The field itself lies over it.
import { $$, make, text } from "./tools.js";

function dress(field) {
  const said = make("span", { class: "file-said", "aria-live": "polite" }, text("no_file"));
  const box = make("span", { class: "file-pick" });
  field.replaceWith(box);
  box.append(make("span", { class: "btn btn-s", "aria-hidden": "true" }, text("choose_file")), said, field);
  field.addEventListener("change", () => {
    const names = Array.from(field.files, (file) => file.name).join(", ");
    said.replaceChildren(names ? make("bdi", {}, names) : text("no_file"));
  });
}

$$('input[type="file"]').forEach(dress);
