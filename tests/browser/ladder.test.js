// Releases of the ladder on the traffic page of hello: each fails in the way of its kind.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.js";
import { byRequest } from "./support/proxy.js";
import { service } from "./support/service.js";
import { eventually } from "./support/wait.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** 1.0.0 and another release behind a balancer; the other one has every fifth request. */
async function canary(t, version, rules) {
  const stable = await service(t, "hello", { SERVICE_VERSION: "1.0.0" });
  const next = await service(t, "hello", { SERVICE_VERSION: version, RELEASE_FAULTS_FILE: rules });
  const pattern = [stable.port, stable.port, next.port, stable.port, stable.port];
  return (await byRequest(t, pattern)).url;
}

const rung = (version) => new URL(`../../ladder/hello/${version}.yaml`, import.meta.url).pathname;

const errors = (page) => page.$$eval("#versions tr", (rows) => rows.map((row) => parseFloat(row.children[3].textContent)));
const sentence = (page) => page.textContent("#sentence");

test("1.1.0 fails three of a hundred", async (t) => {
  const page = await open(t, browser, `${await canary(t, "1.1.0", rung("1.1.0"))}#rate=60`);
  await eventually("the error rate settles", async () => {
    const [stable, next] = await errors(page);
    return stable === 0 && next >= 2 && next <= 4;
  }, 60_000);
  assert.match(await sentence(page), /; 1\.1\.0 fails [234](\.\d)? %\.$/);
});

test("1.5.0 crashes, and disappears", async (t) => {
  const page = await open(t, browser, `${await canary(t, "1.5.0", rung("1.5.0"))}#rate=30`);
  await eventually("both answer", async () => /^2 versions: .*; none fails\.$/.test(await sentence(page)));
  // 40 s after its start it is gone, and 60 s later nothing is left of it but what never came.
  const left = /^1 version: 1\.0\.0 answers (79|80|81) %; nothing fails; (19|20|21) % reached no version\.$/;
  await eventually("one is left", async () => left.test(await sentence(page)), 180_000);
  assert.deepEqual(page.complaints, []);
});

test("an answer that ends in the middle is a failure of its version", async (t) => {
  const directory = await mkdtemp(`${os.tmpdir()}/faults-`);
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(`${directory}/rules.yaml`, "rules: [{ name: cut, match: { path: /success }, truncate: true }]");
  const { url } = await service(t, "hello", { SERVICE_VERSION: "2.0.0", RELEASE_FAULTS_FILE: `${directory}/rules.yaml` });
  const page = await open(t, browser, `${url}/#rate=30`);
  await eventually("it fails", async () => (await sentence(page)) === "1 version: 2.0.0 answers 100 %; 2.0.0 fails 100 %.");
});
