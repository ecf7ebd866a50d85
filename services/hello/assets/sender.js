// Sends the requests, evenly spaced, and times the answers.

// A browser opens six HTTP/1.1 connections to a host; what is sent beyond waits in the browser, and its wait would be
// taken for the server's.
const MOST_IN_FLIGHT = 6;

// As long as the longest answer that the service itself allows by default.
const TIMEOUT = 30_000;

/** Sends requests while it is started; `settings` may be changed at any time. */
export class Sender {
  /** `endpoint`, `rate` in requests a second, `fresh`: whether each answer is to end its connection. */
  settings = { endpoint: "success", rate: 10, fresh: false };
  /** The share of its turns of late at which all connections were still waiting. */
  held = 0;

  #onAnswer;
  #timer = null;
  #due = 0;
  #inFlight = 0;

  constructor(onAnswer) {
    this.#onAnswer = onAnswer;
  }

  start() {
    if (this.#timer !== null) return;
    this.#due = performance.now();
    this.#turn();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #turn() {
    const busy = this.#inFlight >= MOST_IN_FLIGHT;
    this.held += ((busy ? 1 : 0) - this.held) / 20;
    if (!busy) this.#send();
    const now = performance.now();
    // Turns that the browser slept through are not made up for: that would be a burst nobody asked for.
    this.#due = Math.max(this.#due + 1000 / this.settings.rate, now - 50);
    this.#timer = setTimeout(() => this.#turn(), this.#due - now);
  }

  async #send() {
    this.#inFlight += 1;
    const began = performance.now();
    const answer = await exchange(this.settings);
    this.#inFlight -= 1;
    this.#onAnswer({ ...answer, milliseconds: performance.now() - began });
  }
}

async function exchange({ endpoint, fresh }) {
  const url = new URL(endpoint + (fresh ? "?connection=close" : ""), document.baseURI);
  const signal = AbortSignal.timeout(TIMEOUT);
  let response = null;
  let whole = false;
  try {
    response = await fetch(url, { cache: "no-store", redirect: "manual", signal });
    // To its last byte: only then can the connection be used again.
    await response.arrayBuffer();
    whole = true;
  } catch {
    // An answer that ends in the middle is a failure of the version that began it; without a beginning, nobody's.
  }
  const header = (name) => response?.headers.get(name) ?? null;
  const failed = !(whole && response.ok);
  return { version: header("x-version"), replica: header("x-replica"), status: response?.status ?? null, failed };
}
