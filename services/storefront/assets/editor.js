// The two dialogs: the form that adds or edits a product, and the question before one is deleted.

import { ask } from "./api.js";
import { number } from "./format.js";
import { sentence } from "./notice.js";

const element = (id) => document.getElementById(id);
const UNCERTAIN = "It is not certain whether it was saved: look at the list before you try again.";

/** Opens the form for a product as it is now, or for a new one. `saved` is called with the product and its source. */
export class Editor {
  #form = element("product");
  #saved;
  #id = null;
  #etag = null;

  constructor(saved) {
    this.#saved = saved;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    element("cancel").addEventListener("click", () => element("editor").close());
    element("refresh").addEventListener("click", () => this.#load().catch((problem) => this.#show(problem)));
  }

  add(category) {
    this.#open("Add product", null, { name: "", category, price: "", stock: "", description: "" });
  }

  /** Rejects when the product cannot be read: the list may be older than the catalogue. */
  async edit({ id }) {
    this.#id = id;
    const product = await this.#load();
    this.#open("Edit product", id, product);
  }

  #open(title, id, product) {
    this.#id = id;
    if (id === null) this.#etag = null;
    element("editor-title").textContent = title;
    this.#fill(product);
    element("editor").showModal();
  }

  async #load() {
    const { body, etag } = await ask("GET", `products/${this.#id}`);
    this.#etag = etag;
    this.#fill(body);
    return body;
  }

  #fill(product) {
    for (const name of ["name", "category", "price", "stock", "description"]) {
      this.#form.elements[name].value = product[name];
    }
    if (typeof product.price === "number") this.#form.elements.price.value = product.price.toFixed(2);
    this.#show(null);
  }

  async #save() {
    element("save").disabled = true;
    try {
      const [method, path] = this.#id === null ? ["POST", "products"] : ["PUT", `products/${this.#id}`];
      const { body, source } = await ask(method, path, { body: this.#product(), etag: this.#etag });
      element("editor").close();
      this.#saved(body, source, this.#id === null);
    } catch (problem) {
      this.#show(problem);
    } finally {
      element("save").disabled = false;
    }
  }

  #product() {
    const { name, category, price, stock, description } = this.#form.elements;
    const stocked = stock.value.trim() === "" ? {} : { stock: number(stock.value) };
    return {
      name: name.value,
      // One paragraph: to the API a line break is a control character, and those are refused.
      description: description.value.trim().replace(/\s*\n\s*/g, " "),
      price: number(price.value),
      category: category.value,
      ...stocked,
    };
  }

  #show(problem) {
    const moved = problem?.status === 412;
    element("refresh").hidden = !moved;
    element("problem").textContent = moved
      ? "Somebody else has changed this product since you opened it. Nothing was saved."
      : problem ? sentence(problem.message) + (problem.isOutage ? ` ${UNCERTAIN}` : "") : "";
  }
}

/** Asks before a product is deleted, and deletes it. `gone` is called with the product and the source of the answer. */
export class Deletion {
  #product = null;
  #gone;

  constructor(gone) {
    this.#gone = gone;
    element("keep").addEventListener("click", () => element("confirm").close());
    element("delete").addEventListener("click", () => this.#delete());
  }

  ask(product) {
    this.#product = product;
    element("confirm-text").textContent = `“${product.name}” will be gone for everybody.`;
    element("confirm-problem").textContent = "";
    element("confirm").showModal();
  }

  async #delete() {
    element("delete").disabled = true;
    try {
      const { source } = await ask("DELETE", `products/${this.#product.id}`);
      this.#end(source);
    } catch (problem) {
      // Somebody else was faster; gone is gone.
      if (problem.status === 404) this.#end();
      else element("confirm-problem").textContent = sentence(problem.message);
    } finally {
      element("delete").disabled = false;
    }
  }

  #end(source) {
    element("confirm").close();
    this.#gone(this.#product, source);
  }
}
