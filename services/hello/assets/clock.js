// The page's time: it stands still while the page is paused or hidden, so that "the last minute" is a minute of traffic.

/** A clock that can be stopped. */
export class Clock {
  #before = 0;
  #startedAt = null;

  /** Milliseconds for which it has run. */
  now() {
    return this.#before + (this.running ? performance.now() - this.#startedAt : 0);
  }

  /** Whether it runs. */
  get running() {
    return this.#startedAt !== null;
  }

  start() {
    if (!this.running) this.#startedAt = performance.now();
  }

  stop() {
    this.#before = this.now();
    this.#startedAt = null;
  }
}
