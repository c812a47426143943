// Carts without reloading: products are put in from the catalogue, quantities change in place. Every form works without this too.
import { $, $$, text, toast, wait } from "./tools.js";

/** The counter in the top bar. */
function count(answer, shown) {
  const counter = $('[data-counter="cart"]');
  if (!counter) return;
  counter.title = answer.label;
  counter.setAttribute("aria-label", answer.label);
  let figure = $(".count", counter);
  if (!answer.count) { figure?.remove(); return; }
  if (!figure) { figure = document.createElement("span"); figure.className = "count"; figure.setAttribute("aria-hidden", "true"); counter.append(figure); }
  figure.textContent = shown;
}

async function put(form) {
  const button = $("button[type=submit]", form);
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (answer.ok) count(found, found.shown);
    toast(found.message, answer.ok ? "success" : "danger");
  } catch { toast(text("failed"), "danger"); }
  button.disabled = false;
}

for (const form of $$("form[data-put]")) form.addEventListener("submit", (event) => { event.preventDefault(); put(form); });

/** What the server drew anew takes the place of what stands there; fields keep what is being typed. */
function redraw(page) {
  for (const place of $$("[data-live]")) {
    const fresh = page.getElementById(place.id);
    if (fresh) place.replaceWith(fresh);
  }
  const own = $('[data-counter="cart"]'), fresh = $('[data-counter="cart"]', page);
  if (own && fresh) own.replaceWith(fresh);
}

const cart = $("form[data-cart]");
if (cart) {
  let ticket = 0;
  const keep = wait(400, async () => {
    const mine = ++ticket;
    try {
      const answer = await fetch(cart.action, { method: "POST", body: new FormData(cart), headers: { "X-Live": "1" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine === ticket) redraw(page);
    } catch { toast(text("failed"), "danger"); }
  });
  cart.addEventListener("change", keep);
  cart.addEventListener("input", (event) => { if (event.target.matches("[name^=quantity-]")) keep(); });
  $("[data-cart-save]", cart)?.setAttribute("hidden", "");
}

const checkout = $("form[data-checkout]");
if (checkout) {
  const into = $("[name=into]", checkout), address = $("[name=delivery_address]", checkout);
  const show = () => {
    $("[data-checkout-into]", checkout).hidden = !into.value;
    $("[data-checkout-new]", checkout).hidden = Boolean(into.value);
    $("[data-checkout-place]", checkout).hidden = address.value !== "new";
  };
  checkout.addEventListener("change", show);
  show();
}

for (const form of $$("form[data-once]")) form.addEventListener("submit", () => setTimeout(() => { $("button[type=submit]", form).disabled = true; }));
