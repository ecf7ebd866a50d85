// The table of the versions. Rows stay where they are and only their text changes, so that it can be read and selected.

import { duration, percent, perSecond } from "./format.js";
import { label } from "./marks.js";

// More replicas than this are counted, not named.
const NAMED = 4;

/** The rows, by version. */
export class Table {
  #body;
  #labels;
  #looks;
  #rows = new Map();

  constructor(body, looks) {
    this.#body = body;
    this.#looks = looks;
    this.#labels = [...body.closest("table").querySelectorAll("th")].map((head) => head.textContent);
  }

  show({ versions, lost }) {
    const shown = lost ? [...versions, lost] : versions;
    const rows = shown.map((figures) => this.#row(figures));
    if (rows.length !== this.#body.children.length || rows.some((row, at) => row !== this.#body.children[at])) {
      this.#body.replaceChildren(...rows);
    }
    const known = new Set(shown.map(({ version }) => version));
    [...this.#rows.keys()].filter((version) => !known.has(version)).forEach((version) => this.#rows.delete(version));
  }

  #row(figures) {
    const { version } = figures;
    if (!this.#rows.has(version)) this.#rows.set(version, this.#create(version));
    const row = this.#rows.get(version);
    cells(figures).forEach((text, index) => setText(row.children[index + 1], text));
    row.classList.toggle("failing", figures.errorRate > 0);
    return row;
  }

  #create(version) {
    const row = document.createElement("tr");
    row.setAttribute("role", "row");
    row.append(...this.#labels.map((text, index) => cell(text, index)));
    row.firstChild.append(label(version, this.#looks.of(version)));
    return row;
  }
}

function cell(text, index) {
  const element = document.createElement(index === 0 ? "th" : "td");
  element.setAttribute("role", index === 0 ? "rowheader" : "cell");
  element.dataset.label = text;
  if (index === 0) element.scope = "row";
  element.className = ["", "number", "number", "number error", "number", "number", "replicas"][index];
  return element;
}

function cells({ version, share, rate, errorRate, p50, p99, replicas }) {
  const named = replicas.slice(0, NAMED).map(({ name, share: of }) => (replicas.length > 1 ? `${name} ${percent(of)}` : name));
  if (replicas.length > NAMED) named.push(`and ${replicas.length - NAMED} more`);
  const who = named.join(", ") || (version === null ? "a proxy, or nobody" : "not told");
  return [percent(share), perSecond(rate), percent(errorRate), duration(p50), duration(p99), who];
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
