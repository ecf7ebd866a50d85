// The page of the catalogue: puts the list, the filter, the dialogs and the notices together.

import { Catalogue } from "./catalogue.js";
import { Deletion, Editor } from "./editor.js";
import { count, duration } from "./format.js";
import { List } from "./list.js";
import { report, sentence, showOutage, watch } from "./notice.js";

const element = (id) => document.getElementById(id);

const catalogue = new Catalogue(show);
const list = new List(element("products"), {
  edit: (product) => attempt(() => editor.edit(product)),
  remove: (product) => deletion.ask(product),
  filter: ({ category }) => choose(category),
});
const editor = new Editor((product, source, isNew) => {
  catalogue.put(product, source);
  report(`${isNew ? "Added" : "Saved"} “${product.name}”.`);
});
const deletion = new Deletion((product, source) => {
  const focus = list.focusBeside(product.id);
  catalogue.remove(product.id, source);
  focus();
  report(`Deleted “${product.name}”.`);
});

function show({ category, products, next, cached, source }) {
  list.show(products);
  element("category").value = category;
  element("more").hidden = next === null;
  element("empty").hidden = products.length > 0;
  element("empty").textContent = category ? `There are no products in “${category}”.` : "The catalogue is empty.";
  document.title = category ? `Products in ${category}` : "Products";
  suggest(products);
  if (source) tellSource(products.length, cached, source, next !== null);
}

function tellSource(shown, cached, { api, storefront, milliseconds }, more) {
  const store = { true: ", from the cache", false: ", from the database" }[cached] ?? "";
  const number = `${count(shown)} ${shown === 1 ? "product" : "products"}${more ? " so far" : ""}`;
  element("source").textContent = `${number}. Last answer in ${duration(milliseconds)}${store}.`;
  element("versions").textContent = `product-api ${api ?? "of an unknown version"} · storefront ${storefront ?? "of an unknown version"}`;
}

/** Every category that was seen can be chosen; any other can be typed. */
function suggest(products) {
  const known = new Set([...element("categories").options].map(({ value }) => value));
  const fresh = new Set(products.map(({ category }) => category).filter((category) => !known.has(category)));
  element("categories").append(...[...fresh].map((category) => Object.assign(document.createElement("option"), { value: category })));
}

/** Does what may fail, and says so when it does. */
async function attempt(act) {
  element("list").ariaBusy = "true";
  try {
    await act();
  } catch (problem) {
    if (problem.isOutage) showOutage(problem);
    else report(sentence(problem.message));
    if (!catalogue.source) element("source").textContent = "Nothing was loaded.";
  } finally {
    element("list").ariaBusy = "false";
  }
}

async function choose(category) {
  const address = new URL(location);
  if (category) address.searchParams.set("category", category);
  else address.searchParams.delete("category");
  if (address.href !== location.href) history.pushState(null, "", address);
  await attempt(() => catalogue.load(category));
}

const wanted = () => new URLSearchParams(location.search).get("category") ?? "";
const load = () => catalogue.load(wanted());

element("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  choose(element("category").value.trim());
});
// The small cross of a search field, and the choice of a suggestion, need no button.
element("category").addEventListener("search", () => choose(element("category").value.trim()));
element("reload").addEventListener("click", () => attempt(load));
element("more").addEventListener("click", () => attempt(() => catalogue.more()));
element("add").addEventListener("click", () => editor.add(catalogue.category));
addEventListener("popstate", () => attempt(load));
watch(load);
attempt(load);
