// The rows of the list. Everything that a product holds goes into the page as text, never as markup.

import { count, money } from "./format.js";

/** Shows the products in the table body; `actions` is `{ edit, remove, filter }`, each called with a product. */
export class List {
  #body;
  #labels;
  #actions;
  #rows = new Map();

  constructor(body, actions) {
    this.#body = body;
    this.#actions = actions;
    this.#labels = [...body.closest("table").querySelectorAll("th")].map((head) => head.textContent);
  }

  /** Rows of products that have not changed stay as they are, and so does the focus in them. */
  show(products) {
    const rows = new Map(products.map((product) => [product.id, this.#row(product)]));
    this.#rows = rows;
    const wanted = [...rows.values()].map(({ element }) => element);
    [...this.#body.children].filter((row) => !wanted.includes(row)).forEach((row) => row.remove());
    wanted.forEach((row, at) => {
      if (this.#body.children[at] !== row) this.#body.insertBefore(row, this.#body.children[at] ?? null);
    });
  }

  /** Puts the focus where the work goes on once a row is gone: on the same button of its neighbour. */
  focusBeside(id) {
    const row = this.#rows.get(id)?.element;
    const beside = row?.nextElementSibling ?? row?.previousElementSibling;
    return () => (beside?.querySelector(".actions button:last-child") ?? document.getElementById("add")).focus();
  }

  #row(product) {
    const known = this.#rows.get(product.id);
    const text = JSON.stringify(product);
    if (known?.text === text) return known;
    const element = known?.element ?? tag("tr", { role: "row" });
    const focus = [...element.querySelectorAll("button")].indexOf(document.activeElement);
    element.replaceChildren(...this.#cells(product));
    element.querySelectorAll("button")[focus]?.focus();
    return { text, element };
  }

  #cells(product) {
    const { edit, remove, filter } = this.#actions;
    const name = tag("span", { class: "name", dir: "auto" }, product.name);
    const description = tag("span", { class: "description", dir: "auto" }, product.description);
    const category = tag("button", { type: "button", class: "link", dir: "auto" }, product.category);
    category.addEventListener("click", () => filter(product));
    const buttons = [button("Edit", product, edit), button("Delete", product, remove)];
    const cells = [[name, description], [category], [money(product.price)], [count(product.stock)], buttons];
    return cells.map((content, index) => this.#cell(index, content));
  }

  #cell(index, content) {
    const [kind, role] = index === 0 ? ["th", "rowheader"] : ["td", "cell"];
    const cell = tag(kind, { role, class: ["product", "category", "number", "number", "actions"][index] }, ...content);
    if (index === 0) cell.scope = "row";
    cell.dataset.label = this.#labels[index];
    return cell;
  }
}

function button(word, product, act) {
  const element = tag("button", { type: "button" }, word);
  element.setAttribute("aria-label", `${word} ${product.name}`);
  element.addEventListener("click", () => act(product));
  return element;
}

function tag(name, attributes, ...content) {
  const element = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...content);
  return element;
}
