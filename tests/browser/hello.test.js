// The live traffic page of hello, with two versions behind a balancer.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { after, before, test } from "node:test";
import { assertAccessible, assertNoSidewaysScroll, launch, open, shoot } from "./support/browser.js";
import { byConnection, byRequest } from "./support/proxy.js";
import { service } from "./support/service.js";
import { eventually } from "./support/wait.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** Two versions behind a balancer: 1.0.0 gets four of five requests, and 1.1.0 fails `failRate` of its `/work`. */
async function canary(t, { failRate = "0", prefix = "" } = {}) {
  const work = { WORK_SLEEP: "1ms..4ms", WORK_CPU: "0" };
  const stable = await service(t, "hello", { ...work, SERVICE_VERSION: "1.0.0" });
  const next = await service(t, "hello", { ...work, SERVICE_VERSION: "1.1.0", FAIL_RATE: failRate, WORK_SLEEP: "8ms..30ms" });
  const pattern = [stable.port, stable.port, next.port, stable.port, stable.port];
  return { stable, next, ...(await byRequest(t, pattern, { prefix })) };
}

const sentence = (page) => page.textContent("#sentence");
const requests = (page) => page.asked.filter((url) => /\/(success|work)$/.test(url)).length;

/** The table as a list of `{ version, share, … }`, percentages as numbers. */
function table(page) {
  return page.$$eval("#versions tr", (rows) =>
    rows.map((row) => {
      const [version, share, rate, errors, p50, p99, replicas] = [...row.children].map((cell) => cell.textContent);
      return { version, share: parseFloat(share), rate: parseFloat(rate), errors: parseFloat(errors), p50, p99, replicas };
    }),
  );
}

const settled = (page, share) => eventually("the shares settle", async () => {
  const [first] = await table(page);
  return Math.abs(first?.share - share) <= 1.5;
});

test("tells the share of each version in a sentence and in the table", async (t) => {
  const { url, next } = await canary(t);
  const page = await open(t, browser, `${url}#rate=50`);
  await settled(page, 80);
  assert.match(await sentence(page), /^2 versions: 1\.0\.0 answers (79|80|81) %, 1\.1\.0 (19|20|21) %; none fails\.$/);
  const [first, second] = await table(page);
  assert.deepEqual([first.version, second.version], ["1.0.0", "1.1.0"]);
  assert.ok(first.rate > 2 * second.rate && second.rate > 0, JSON.stringify([first, second]));
  assert.match(first.p99, /^\d+(\.\d+)? m?s$/);
  assert.equal(second.replicas, os.hostname());
  await next.stop();
  await eventually("the balancer's own 502 is not taken for a version's", async () =>
    /; \d.* reached no version\.$/.test(await sentence(page)));
  assert.deepEqual(page.complaints, []);
});

test("shows the version that fails, and how often", async (t) => {
  const { url } = await canary(t, { failRate: "0.25" });
  const page = await open(t, browser, `${url}#rate=60&endpoint=work`);
  await eventually("the error rate settles", async () => {
    const [, second] = await table(page);
    return second?.errors >= 24 && second.errors <= 26;
  });
  assert.match(await sentence(page), /; 1\.1\.0 fails 2[456](\.\d)? %\.$/);
  const [first] = await table(page);
  assert.equal(first.errors, 0);
  await shoot(page, "hello-light");
  assert.deepEqual(page.complaints, []);
});

test("an injected fault shows as the failure of its version and replica", async (t) => {
  const directory = await mkdtemp(`${os.tmpdir()}/faults-`);
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(`${directory}/faults.yaml`, "rules: [{ name: one-in-four, match: { path: /success }, error: { rate: 0.25 } }]");
  const { url } = await service(t, "hello", { SERVICE_VERSION: "2.0.0", FAULTS_FILE: `${directory}/faults.yaml` });
  const page = await open(t, browser, `${url}/#rate=50`);
  await eventually("the error rate settles", async () => {
    const [only] = await table(page);
    return only?.rate > 25 && only.errors >= 24 && only.errors <= 26;
  });
  assert.equal((await table(page))[0].replicas, os.hostname());
  assert.match(await sentence(page), /^1 version: 2\.0\.0 answers 100 %; 2\.0\.0 fails 2[456](\.\d)? %\.$/);
});

/** Counts the marks of each kind in the picture that is drawn last. */
const countMarks = () => {
  const { clearRect, drawImage } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    window.drawn = window.marks;
    window.marks = new Map();
    return clearRect.apply(this, box);
  };
  CanvasRenderingContext2D.prototype.drawImage = function (sprite, ...place) {
    sprite.picture ??= sprite.toDataURL();
    window.marks.set(sprite.picture, (window.marks.get(sprite.picture) ?? 0) + 1);
    return drawImage.call(this, sprite, ...place);
  };
};

test("every answer is drawn, with a mark of its version, and another where it failed", async (t) => {
  const { url } = await canary(t, { failRate: "0.5" });
  const page = await open(t, browser, `${url}#rate=50&endpoint=work`, { script: countMarks });
  await eventually("three kinds of marks", () => page.evaluate(() => window.drawn?.size === 3));
  await settled(page, 80);
  await page.click("#pause");
  const sent = requests(page);
  const marks = await page.evaluate(() => [...window.marks.values()].sort((a, b) => a - b));
  const [failed, fine, stable] = marks;
  const drawn = failed + fine + stable;
  // Six at most were in flight, and a frame may not have come yet.
  assert.ok(drawn >= sent - 10 && drawn <= sent, `${drawn} drawn of ${sent} sent`);
  assert.ok(Math.abs(failed - fine) <= 2 && stable > 3 * (failed + fine), String(marks));
  const looks = await page.$$eval("#versions .version", (labels) =>
    labels.map((label) => ({ colour: getComputedStyle(label).color, shape: label.querySelector("path").getAttribute("d") })));
  assert.notEqual(looks[0].colour, looks[1].colour);
  assert.notEqual(looks[0].shape, looks[1].shape);
});

test("a new connection for each request spreads them where connections are shared out", async (t) => {
  const versions = ["1.0.0", "1.1.0"];
  const replicas = await Promise.all(versions.map((version) => service(t, "hello", { SERVICE_VERSION: version })));
  const { url } = await byConnection(t, replicas.map(({ port }) => port));
  const page = await open(t, browser, `${url}#rate=30&fresh=true`);
  await settled(page, 50);
  await page.getByRole("switch", { name: "New connection" }).uncheck();
  // From here on one connection carries nearly everything, to whichever version it happens to lead.
  await eventually("the shares part", async () => {
    const [first] = await table(page);
    return Math.abs(first.share - 50) > 15;
  }, 30_000);
});

test("nothing a version calls itself runs as script", async (t) => {
  const name = "<img/src=x/onerror=alert(1)>";
  const { url } = await service(t, "hello", { SERVICE_VERSION: name, ENVIRONMENT: "<script>alert(2)</script>" });
  const page = await open(t, browser, `${url}/#endpoint=%3Cscript%3Ealert(3)%3C/script%3E&rate=javascript:alert(4)`);
  await eventually("the name is shown as it is", async () => (await sentence(page)).includes(name));
  assert.equal((await table(page))[0].version, name);
  await eventually("the environment is too", async () => (await page.textContent("#environment")).includes("<script>alert(2)"));
  assert.equal(await page.locator("main img, main script, header script").count(), 0);
  await assertNoSidewaysScroll(page);
  assert.deepEqual(page.complaints, []);
});

test("sends nothing while the tab is hidden, and goes on when it is shown", async (t) => {
  const { url } = await canary(t);
  const page = await open(t, browser, `${url}#rate=50`);
  const hide = (hidden) => page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  const picture = () => page.evaluate(() => document.getElementById("chart").toDataURL());
  await eventually("it sends", () => requests(page) > 20);
  await hide(true);
  await page.waitForTimeout(200);
  const [sent, drawn, said] = [requests(page), await picture(), await sentence(page)];
  await page.waitForTimeout(1000);
  assert.deepEqual([requests(page), await picture(), await sentence(page)], [sent, drawn, said]);
  await hide(false);
  await eventually("it sends again", () => requests(page) > sent);
});

test("every control works with the keyboard, and the address remembers the setting", async (t) => {
  const { url } = await canary(t);
  const page = await open(t, browser, url);
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.name);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "pause");
  await page.keyboard.press("Enter");
  assert.equal(await page.textContent("#pause"), "Resume");
  await page.waitForTimeout(200);
  const sent = requests(page);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "endpoint");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "fresh");
  await page.keyboard.press("Space");
  assert.equal(requests(page), sent, "paused is paused");
  assert.equal(await page.evaluate(() => location.hash), "#endpoint=work&rate=11&fresh=true");
  assert.equal(await page.textContent("#rate-shown"), "11 requests/s");
  await page.reload();
  assert.equal(await page.getByRole("radio", { name: "/work" }).isChecked(), true);
  const asked = page.waitForRequest((request) => request.url().endsWith("/work?connection=close"));
  assert.equal((await (await asked).response()).headers().connection, "close");
});

test("works below a path prefix", async (t) => {
  const { url } = await canary(t, { prefix: "/team/demo" });
  const page = await open(t, browser, `${url}#rate=30`);
  await settled(page, 80);
  assert.deepEqual(page.complaints, []);
});

test("says so when nobody answers, and recovers", async (t) => {
  const only = await service(t, "hello", { SERVICE_VERSION: "1.0.0" });
  const page = await open(t, browser, `${only.url}/#rate=20`);
  await eventually("it answers", async () => (await sentence(page)).startsWith("1 version: 1.0.0 answers 100 %; nothing fails."));
  await only.stop();
  await eventually("it says so", async () => /reached no version\.$/.test(await sentence(page)));
  assert.match(await page.textContent("#last"), /^Last request: no answer after /);
  await service(t, "hello", { SERVICE_VERSION: "1.0.1", HTTP_ADDR: `127.0.0.1:${only.port}` });
  await eventually("the next version is seen", async () => (await sentence(page)).startsWith("2 versions: 1.0.0 answers "));
  await shoot(page, "hello-outage");
});

test("reads well on a phone, in the dark, and to a screen reader", async (t) => {
  const { url } = await canary(t, { failRate: "0.1" });
  for (const [name, options] of [
    ["hello-phone", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }],
    ["hello-phone-dark", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, colorScheme: "dark" }],
    ["hello-dark", { colorScheme: "dark" }],
    ["hello-light-axe", {}],
  ]) {
    const page = await open(t, browser, `${url}#rate=60&endpoint=work`, options);
    await eventually("there is something to read", async () => /1\.1\.0 fails/.test(await sentence(page)));
    await eventually("it is announced", async () => (await page.textContent("#announcement")).includes("version"));
    await assertNoSidewaysScroll(page);
    await assertAccessible(page);
    await shoot(page, name);
    await page.close();
  }
});

test("programs get JSON, and both say that the answer depends on the asker", async (t) => {
  const { url } = await service(t, "hello");
  const page = await fetch(`${url}/`, { headers: { accept: "text/html" } });
  const json = await fetch(`${url}/`, { headers: { accept: "*/*" } });
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(json.headers.get("content-type"), "application/json");
  for (const answer of [page, json]) assert.equal(answer.headers.get("vary"), "accept");
  assert.deepEqual(Object.keys(await json.json()), ["message", "version", "environment", "timestamp", "endpoint"]);
  const policy = page.headers.get("content-security-policy");
  assert.ok(policy.startsWith("default-src 'none';") && !policy.includes("unsafe"), policy);
  const head = await fetch(`${url}/`, { method: "HEAD", headers: { accept: "text/html" } });
  assert.equal(Number(head.headers.get("content-length")), Buffer.byteLength(await page.text()));
});
