// Waiting with a deadline, never for a fixed time.

import assert from "node:assert/strict";

/** Polls until the probe gives something that is true. */
export async function eventually(what, probe, limit = 15_000) {
  const deadline = performance.now() + limit;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > deadline) assert.fail(`not within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
