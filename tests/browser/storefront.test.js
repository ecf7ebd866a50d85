// The page of storefront, in front of the real product-api.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertNoSidewaysScroll, launch, open, shoot } from "./support/browser.js";
import { byRequest } from "./support/proxy.js";
import { redis } from "./support/redis.js";
import { service } from "./support/service.js";
import { eventually } from "./support/wait.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** A storefront in front of a product-api with the ten products of a first start. */
async function shop(t, products = [], variables = {}) {
  const api = await service(t, "product-api", { SERVICE_VERSION: "3.2.1", ...variables });
  const storefront = await service(t, "storefront", { PRODUCT_API_URL: api.url, SERVICE_VERSION: "1.1.0" });
  for (const product of products) await create(api, product);
  return { api, storefront, url: `${storefront.url}/` };
}

async function create(api, product) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${api.url}/products`, { method: "POST", headers, body: JSON.stringify(product) });
  assert.equal(answer.status, 201, await answer.clone().text());
  return answer.json();
}

async function change(api, id, product) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${api.url}/products/${id}`, { method: "PUT", headers, body: JSON.stringify(product) });
  assert.equal(answer.status, 200);
}

const names = (page) => page.$$eval("#products .name", (all) => all.map((name) => name.textContent));
const shown = (page, count) => eventually(`${count} products`, async () => (await names(page)).length === count);
const dialog = (page) => page.getByRole("dialog");
const read = async (api, id) => (await fetch(`${api.url}/products/${id}`)).json();

test("lists the products and says which versions answered, and from where", async (t) => {
  const { url } = await shop(t);
  const page = await open(t, browser, url);
  await shown(page, 10);
  assert.match(await page.textContent("#source"), /^10 products\. Last answer in \S+ ms, from the database\.$/);
  assert.equal(await page.textContent("#versions"), "product-api 3.2.1 · storefront 1.1.0");
  await shoot(page, "storefront-light");
  assert.deepEqual(page.complaints, []);
});

test("filters by a category that is chosen in a row, typed, or linked to", async (t) => {
  const { api, url } = await shop(t);
  const lantern = (await (await fetch(`${api.url}/products`)).json()).data[3];
  const page = await open(t, browser, url);
  await shown(page, 10);
  await page.getByRole("cell", { name: lantern.category }).first().getByRole("button").click();
  await eventually("fewer are shown", async () => (await names(page)).length < 10);
  assert.equal(new URL(page.url()).searchParams.get("category"), lantern.category);
  assert.ok((await names(page)).includes(lantern.name));
  await page.getByRole("combobox", { name: "Category" }).fill("no & such <b>");
  await page.keyboard.press("Enter");
  await eventually("it says so", async () => (await page.textContent("#empty")) === "There are no products in “no & such <b>”.");
  await page.goBack();
  await eventually("back is the category before", async () => (await names(page)).includes(lantern.name));
  await page.goBack();
  await shown(page, 10);
  assert.deepEqual(page.complaints, []);
});

test("shows page after page", async (t) => {
  const many = Array.from({ length: 115 }, (_, index) => ({ name: `Bolt ${index}`, price: 0.05, category: "Bolts" }));
  const { url } = await shop(t, many);
  const page = await open(t, browser, url);
  await shown(page, 100);
  assert.match(await page.textContent("#source"), /^100 products so far\./);
  await page.getByRole("button", { name: "Show more" }).click();
  await shown(page, 125);
  assert.equal(await page.isVisible("#more"), false);
});

test("a product is added, edited and deleted with the keyboard alone", async (t) => {
  const { api, url } = await shop(t);
  const page = await open(t, browser, url);
  await shown(page, 10);
  const type = (text) => page.keyboard.type(text);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press("Tab", "Enter");
  await type("Sou'wester");
  await press("Tab");
  await type("Clothing");
  await press("Tab");
  await type("1234,50");
  await press("Enter");
  await shown(page, 11);
  assert.equal(await page.textContent("#status"), "Added “Sou'wester”.");
  assert.equal((await read(api, 11)).price, 1234.5);
  const row = page.getByRole("row", { name: "Sou'wester" });
  assert.match(await row.textContent(), /1,234\.50/);

  await row.getByRole("button", { name: "Edit" }).focus();
  await press("Enter");
  await eventually("the form opens", () => dialog(page).isVisible());
  await press("End");
  await type(" hat");
  await press("Enter");
  await eventually("it is saved", async () => (await read(api, 11)).name === "Sou'wester hat");
  await eventually("the row shows it", async () => (await names(page)).at(-1) === "Sou'wester hat");
  await eventually("the focus is where it was", () => page.evaluate(() => document.activeElement.ariaLabel === "Edit Sou'wester hat"));

  await press("Tab", "Enter");
  await eventually("it asks first", () => page.getByRole("alertdialog").isVisible());
  assert.equal(await page.evaluate(() => document.activeElement.id), "keep", "the safe answer comes first");
  await press("Tab", "Enter");
  await shown(page, 10);
  assert.equal((await fetch(`${api.url}/products/11`)).status, 404);
  assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /^Delete /);
  assert.deepEqual(page.complaints, []);
});

test("what the API refuses is said in the form, and nothing typed is lost", async (t) => {
  const { url } = await shop(t);
  const page = await open(t, browser, url);
  await page.getByRole("button", { name: "Add product" }).click();
  await dialog(page).getByLabel("Name").fill("Anchor");
  await dialog(page).getByLabel("Category").fill("Deck");
  for (const [price, stock, said] of [
    ["0", "", /price must be a positive number/i],
    ["abc", "", /price/i],
    ["1.999", "", /price/i],
    ["5", "-1", /stock must be a non-negative integer/i],
    ["5", "1.5", /stock/i],
  ]) {
    await dialog(page).getByLabel("Price").fill(price);
    await dialog(page).getByLabel("Stock").fill(stock);
    await page.getByRole("button", { name: "Save" }).click();
    await eventually(`${price} and ${stock} are refused`, async () => said.test(await page.textContent("#problem")));
    assert.equal(await page.inputValue("#name"), "Anchor");
  }
  await shoot(page, "storefront-refused");
  await page.keyboard.press("Escape");
  await shown(page, 10);
});

test("an edit over somebody else's is stopped, and can go on from theirs", async (t) => {
  const { api, url } = await shop(t);
  const page = await open(t, browser, url);
  await page.getByRole("button", { name: /^Edit/ }).first().click();
  await eventually("the form opens", () => dialog(page).isVisible());
  await change(api, 1, { stock: 4321 });
  await dialog(page).getByLabel("Name").fill("Mine");
  await page.getByRole("button", { name: "Save" }).click();
  await eventually("it says so", async () => /^Somebody else has changed/.test(await page.textContent("#problem")));
  await page.getByRole("button", { name: "Load the current values" }).click();
  await eventually("theirs are there", async () => (await page.inputValue("#stock")) === "4321");
  await dialog(page).getByLabel("Name").fill("Mine");
  await page.getByRole("button", { name: "Save" }).click();
  await eventually("it is saved", async () => (await read(api, 1)).name === "Mine");
  assert.equal((await read(api, 1)).stock, 4321);
});

test("nothing that a product holds runs as script", async (t) => {
  const attacks = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\"><svg onload=alert(3)>",
    "javascript:alert(4)",
    "{{constructor.constructor('alert(5)')()}}",
    "</textarea><script>alert(6)</script>",
  ];
  const products = attacks.map((text) => ({ name: text, description: text, category: text.slice(0, 64), price: 1 }));
  const { url } = await shop(t, products);
  const page = await open(t, browser, url);
  await shown(page, 16);
  assert.deepEqual((await names(page)).slice(10), attacks);
  for (const text of attacks) {
    await page.getByRole("button", { name: `Edit ${text}`, exact: true }).click();
    await eventually("it is text in the form", async () => (await page.inputValue("#name")) === text);
    await dialog(page).getByLabel("Description").fill(`${text} again`);
    await page.getByRole("button", { name: "Save" }).click();
    await eventually("it is saved", async () => (await page.textContent("#status")) === `Saved “${text}”.`);
    await page.getByRole("button", { name: `Delete ${text}`, exact: true }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
  }
  await page.goto(`${url}?category=${encodeURIComponent(attacks[1])}`);
  await shown(page, 1);
  assert.equal(await page.locator("main :is(script, img, svg, iframe)").count(), 0);
  await page.goto(`${url}api/products/11`);
  assert.equal(await page.evaluate(() => document.scripts.length), 0);
  assert.deepEqual(page.complaints, []);
});

test("the policy stops what the page would never do", async (t) => {
  const { url } = await shop(t);
  const page = await open(t, browser, url);
  const thrown = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<img src=x onerror=alert(1)>";
      return null;
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(thrown, "TypeError", "markup cannot be made of text");
});

test("says when the API is down, keeps what was typed, and recovers by itself", async (t) => {
  const { api, url } = await shop(t);
  const page = await open(t, browser, url);
  await shown(page, 10);
  await page.getByRole("button", { name: "Add product" }).click();
  await dialog(page).getByLabel("Name").fill("Anchor");
  await dialog(page).getByLabel("Category").fill("Deck");
  await dialog(page).getByLabel("Price").fill("70");
  await api.stop();
  await page.getByRole("button", { name: "Save" }).click();
  await eventually("the form says so", async () => /^Product-api is unreachable\. It is not certain/.test(await page.textContent("#problem")));
  await eventually("the page says so without being asked", () => page.isVisible("#outage"));
  assert.match(await page.textContent("#outage"), /The product API cannot be reached\.\s+What you see may be out of date\./);
  assert.equal((await names(page)).length, 10, "what was loaded stays");
  await page.keyboard.press("Escape");
  await shoot(page, "storefront-outage");
  await assertAccessible(page);
  await service(t, "product-api", { HTTP_ADDR: `127.0.0.1:${api.port}`, SERVICE_VERSION: "3.2.2" });
  await eventually("it recovers", async () => !(await page.isVisible("#outage")));
  assert.match(await page.textContent("#versions"), /product-api 3\.2\.2/);
  assert.deepEqual(page.complaints, []);
});

test("says so when the API is down from the start", async (t) => {
  const { url } = await service(t, "storefront", { PRODUCT_API_URL: "http://127.0.0.1:9" });
  const page = await open(t, browser, `${url}/`);
  await eventually("it says so", () => page.isVisible("#outage"));
  assert.match(await page.textContent("#outage"), /The product API cannot be reached/);
  assert.equal(await page.textContent("#source"), "Nothing was loaded.");
});

test("says so when the shop itself is gone", async (t) => {
  const { storefront, url } = await shop(t);
  const page = await open(t, browser, url);
  await shown(page, 10);
  await storefront.stop();
  await page.getByRole("button", { name: "Reload" }).click();
  await eventually("it says so", async () => /This shop cannot be reached/.test(await page.textContent("#outage")));
});

test("says whether the cache answered", async (t) => {
  const cache = await redis(t);
  if (!cache) return;
  const { url } = await shop(t, [], { REDIS_URL: cache });
  const page = await open(t, browser, url);
  await shown(page, 10);
  await eventually("the second answer comes from the cache", async () => {
    await page.getByRole("button", { name: "Reload" }).click();
    return /, from the cache\.$/.test(await page.textContent("#source"));
  });
});

test("works below a path prefix", async (t) => {
  const { storefront } = await shop(t);
  const { url } = await byRequest(t, [storefront.port], { prefix: "/team/shop" });
  const page = await open(t, browser, `${url}?category=Deck`);
  await eventually("products", async () => (await names(page)).length > 0);
  assert.ok(page.asked.every((address) => new URL(address).pathname.startsWith("/team/shop/")));
  assert.deepEqual(page.complaints, []);
});

test("reads well on a phone, in the dark, and to a screen reader", async (t) => {
  const long = { name: "W".repeat(200), description: "ä".repeat(2000), category: "c".repeat(64), price: 9999999999.99, stock: 2147483647 };
  const { url } = await shop(t, [long, { ...long, name: "مصباح العاصفة", description: "" }]);
  for (const [name, options] of [
    ["storefront-phone", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }],
    ["storefront-phone-dark", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, colorScheme: "dark" }],
    ["storefront-dark", { colorScheme: "dark" }],
    ["storefront-long", {}],
  ]) {
    const page = await open(t, browser, url, options);
    await shown(page, 12);
    await assertNoSidewaysScroll(page);
    await assertAccessible(page);
    await shoot(page, name);
    await page.getByRole("button", { name: /^Edit/ }).first().click();
    await eventually("the form opens", () => dialog(page).isVisible());
    await assertNoSidewaysScroll(page);
    await assertAccessible(page);
    await page.close();
  }
});
