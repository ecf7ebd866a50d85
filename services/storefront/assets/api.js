// Talks to product-api through this origin's /api, by addresses relative to the page.

// Longer than storefront itself waits for product-api by default.
const TIMEOUT = 15_000;

/** What went wrong, in a sentence. `status` is null when there was no answer at all. */
export class Problem extends Error {
  constructor(message, status, body = {}) {
    super(message);
    this.status = status;
    this.body = body;
  }

  /** Whether the API is in trouble, and not the request. */
  get isOutage() {
    return this.status === null || this.status >= 500;
  }
}

/**
 * Sends a request; resolves to `{ body, etag, source }`, where `source` says who answered and how fast:
 * `{ api, storefront, milliseconds }`. Rejects with a `Problem`.
 */
export async function ask(method, path, { body, etag } = {}) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (etag) headers["if-match"] = etag;
  const began = performance.now();
  const response = await send(path, { method, headers, body: body && JSON.stringify(body) });
  const milliseconds = performance.now() - began;
  const read = await json(response);
  if (!response.ok) throw new Problem(read.error ?? `The answer was ${response.status}.`, response.status, read);
  const header = (name) => response.headers.get(name);
  const source = { api: header("x-upstream-version"), storefront: header("x-version"), milliseconds };
  return { body: read, etag: header("etag"), source };
}

async function send(path, options) {
  try {
    const signal = AbortSignal.timeout(TIMEOUT);
    return await fetch(new URL(`api/${path}`, document.baseURI), { ...options, cache: "no-store", signal });
  } catch (error) {
    const late = error.name === "TimeoutError";
    throw new Problem(late ? "There was no answer in time." : "There was no connection.", null);
  }
}

/** The body, or an empty object where there is none or it is no JSON, as a proxy's own error pages are not. */
async function json(response) {
  try {
    return (await response.json()) ?? {};
  } catch {
    return {};
  }
}
