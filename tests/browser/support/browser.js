// Headless Chromium, and pages that must not complain.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const SHOTS = process.env.FLOTILLA_SCREENSHOTS ?? new URL("../../../target/screenshots", import.meta.url).pathname;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with a fresh profile. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, chromiumSandbox: false, args: FLAGS });
}

/**
 * A page in a context of its own. `page.complaints` lists what went wrong in it: uncaught errors, violations of the
 * content security policy, dialogs, requests to other hosts. A failed request is the test's business. `page.asked` lists the
 * addresses that it asked for. `script` runs before the page's own.
 */
export async function open(t, browser, url, { script, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  t.after(() => context.close());
  if (script) await context.addInitScript(script);
  const page = await context.newPage();
  page.complaints = [];
  page.asked = [];
  const complain = (text) => page.complaints.push(text);
  page.on("pageerror", (error) => complain(`uncaught: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complain(message.text());
  });
  page.on("dialog", (dialog) => (complain(`dialog: ${dialog.message()}`), dialog.dismiss()));
  const origin = new URL(url).origin;
  page.on("request", (request) => {
    page.asked.push(request.url());
    if (new URL(request.url()).origin !== origin) complain(`asks another host: ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

/** Asserts that nothing is wider than the window. */
export async function assertNoSidewaysScroll(page) {
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  assert.ok(scrollWidth <= clientWidth, `${scrollWidth} px wide in a window of ${clientWidth} px`);
}

/** Asserts that axe finds nothing to object to: names, roles, contrast and the rest of WCAG 2.2 AA it can check. */
export async function assertAccessible(page) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await window.axe.run(document, { runOnly: tags });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.failureSummary + node.html).join("\n")}`);
  });
  assert.deepEqual(violations, []);
}

/** Keeps a picture of the whole page for people to look at. */
export async function shoot(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}
