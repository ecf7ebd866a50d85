// How a version looks: a colour and a shape, so that nobody needs to tell colours apart.

const SVG = "http://www.w3.org/2000/svg";

/** Outlines around the origin, about 12 wide: one for each version, in the order of `--version-0` and so on. */
export const SHAPES = [
  "M5 0A5 5 0 1 1-5 0A5 5 0 1 1 5 0Z",
  "M0-6L6 0L0 6L-6 0Z",
  "M0-6L6 4.5H-6Z",
  "M-4.6-4.6H4.6V4.6H-4.6Z",
];

/** The outline of an answer that failed. */
export const CROSS = "M-5-3L-3-5L0-2L3-5L5-3L2 0L5 3L3 5L0 2L-3 5L-5 3L-2 0Z";

/** The look of what no version answered. */
export const LOST = "lost";

const KEY = "looks";

/** Which version has which look. A version keeps its own for as long as it answers, also when the page is loaded anew. */
export class Looks {
  #looks = recall();

  /** The look of a version: a place in `SHAPES`, or `LOST`. */
  of(version) {
    if (version === null) return LOST;
    if (!this.#looks.has(version)) {
      const taken = new Set(this.#looks.values());
      const free = SHAPES.findIndex((_, look) => !taken.has(look));
      this.#looks.set(version, free < 0 ? this.#looks.size % SHAPES.length : free);
      remember(this.#looks);
    }
    return this.#looks.get(version);
  }

  /** Frees the looks of versions that answer no more. */
  keepOnly(versions) {
    const gone = [...this.#looks.keys()].filter((version) => !versions.includes(version));
    gone.forEach((version) => this.#looks.delete(version));
    if (gone.length > 0) remember(this.#looks);
  }
}

/** A mark to stand in text. */
export function mark(look) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-6 -6 12 12");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", look === LOST ? CROSS : SHAPES[look]);
  svg.append(path);
  return svg;
}

/** A version with its mark. */
export function label(version, look) {
  const span = document.createElement("span");
  span.className = `version look-${look}`;
  span.append(mark(look), version ?? "no version");
  return span;
}

// A browser may refuse storage; the page then only forgets.
function recall() {
  try {
    const known = JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    return new Map(known.filter(([, look]) => look in SHAPES));
  } catch {
    return new Map();
  }
}

function remember(looks) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...looks]));
  } catch {
    // As above.
  }
}
