// The products that are shown: one or more pages of one category, or of all.

import { ask } from "./api.js";

/** The loaded part of the catalogue. `changed` is called with it whenever it is another. */
export class Catalogue {
  category = "";
  products = [];
  /** Where the next page begins; null on the last. */
  next = null;
  /** Whether the last page came from the cache, and who answered. */
  cached = null;
  source = null;

  #changed;
  #turn = 0;

  constructor(changed) {
    this.#changed = changed;
  }

  /** Loads the first page of a category; of all when it is empty. */
  async load(category) {
    await this.#page(category, null);
  }

  /** Adds the next page. */
  async more() {
    await this.#page(this.category, this.next);
  }

  /** Shows a product as it now is, and where it is new, at the end, if the end is shown. */
  put(product, source) {
    const at = this.products.findIndex(({ id }) => id === product.id);
    const fits = !this.category || product.category === this.category;
    if (at >= 0) this.products.splice(at, 1, ...(fits ? [product] : []));
    else if (fits && this.next === null) this.products.push(product);
    this.#now({ source, cached: null });
  }

  /** Forgets a product. */
  remove(id, source = this.source) {
    this.products = this.products.filter((product) => product.id !== id);
    this.#now({ source, cached: null });
  }

  async #page(category, after) {
    // Whoever types fast gets the answer to the last question, whichever comes last.
    const turn = ++this.#turn;
    const query = new URLSearchParams({ ...(category && { category }), ...(after !== null && { after }) });
    const { body, source } = await ask("GET", `products?${query}`);
    if (turn !== this.#turn) return;
    const products = after === null ? body.data : [...this.products, ...body.data];
    this.#now({ category, products, next: body.next ?? null, cached: body.cached, source });
  }

  #now(state) {
    Object.assign(this, state);
    this.#changed(this);
  }
}
