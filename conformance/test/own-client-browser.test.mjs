/**
 * Our own client in a real browser, as the binary's `/tidings.js` on a page of another origin:
 * an outbox across kills and reloads, and tabs that share a storage.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadLine } from "../harness/bad-line.mjs";
import { openBrowser } from "../harness/browser.mjs";
import { PATIENCE_MS } from "../harness/deadline.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { serveSite } from "../harness/site.mjs";

/** A page that uses our client from the binary and shows nothing: tests ask it. */
const OWN_PAGE = (server) => `<!doctype html><meta charset="utf-8"><title>own</title><script type="module">
  import { createWebsocketService } from "${server}/tidings.js";
  window.service = createWebsocketService({ url: "${server}/api" });
  const lists = {
    stored: () => JSON.parse(localStorage.getItem("notes") ?? "[]"),
    shown: () => service.topic("notes").items ?? [],
  };
  window.ids = (where) => lists[where]().map(({ id }) => id);
  window.add = (id) => service.pushUpdate({ type: "notes", action: "add", data: { id } });
  service.connect();
</script>`;

async function scene(t) {
  const server = await Server.start(t);
  const token = await server.token("Ann");
  const browser = await openBrowser(t);
  return { server, token, browser, api: new Api(server.url, token) };
}

/** Opens the page of our own client as somebody, with `storage` set before its script runs. */
async function ownPage(browser, origin, token) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${origin}/empty`);
  await page.evaluate((value) => localStorage.setItem("authToken", value), token);
  await page.goto(`${origin}/own`);
  await page.waitForFunction(() => window.service?.isConnected());
  return page;
}

/** Waits until both the storage and the tab itself have exactly these items. */
async function idsAre(page, ids) {
  const areThere = (wanted) => window.ids?.("stored").join() === wanted && window.ids("shown").join() === wanted;
  await page.waitForFunction(areThere, ids.join(), { timeout: PATIENCE_MS });
}

test("our client in a browser: the outbox outlives a killed server and a reload, and sends each change once", async (t) => {
  const { server, browser, api, token } = await scene(t);
  const origin = await serveSite(t, { "/empty": "<title>empty</title>", "/own": OWN_PAGE(server.url) });
  const page = await ownPage(browser, origin, token);
  await page.evaluate(() => window.add("a"));
  await idsAre(page, ["a"]);
  await server.kill();
  await page.waitForFunction(() => !window.service.isConnected());
  await page.evaluate(() => {
    window.add("b");
    window.add("c");
  });
  assert.deepEqual(await page.evaluate(() => window.service.pending().map(({ data }) => data.id)), ["b", "c"]);
  await server.start();
  // Reloaded before it has had the time to send.
  await page.reload();
  await idsAre(page, ["a", "b", "c"]);
  await page.waitForFunction(() => window.service.pending().length === 0);
  assert.deepEqual(
    (await api.history()).map(({ data }) => data.id),
    ["a", "b", "c"],
  );
});

test("two tabs of one person share lists and outbox: every change is there once in both, and was sent once", async (t) => {
  const { server, browser, api, token } = await scene(t);
  const line = await BadLine.start(t, server.port);
  const origin = await serveSite(t, { "/empty": "<title>empty</title>", "/own": OWN_PAGE(line.url) });
  const one = await ownPage(browser, origin, token);
  const two = await one.context().newPage();
  await two.goto(`${origin}/own`);
  await two.waitForFunction(() => window.service?.isConnected());
  await one.evaluate(() => window.add("a"));
  await two.evaluate(() => window.add("b"));
  for (const page of [one, two]) await idsAre(page, ["a", "b"]);

  line.pull();
  for (const page of [one, two]) await page.waitForFunction(() => !window.service.isConnected());
  await one.evaluate(() => void window.add("c"));
  await two.evaluate(() => void window.add("d"));
  await one.evaluate(() => void window.add("e"));
  await two.waitForFunction(() => window.service.pending().length === 3);
  line.mend();
  for (const page of [one, two]) await page.waitForFunction(() => window.ids("shown").length === 5);
  for (const page of [one, two]) await page.waitForFunction(() => window.service.pending().length === 0);
  const history = await api.history();
  const order = history.map(({ data }) => data.id);
  assert.deepEqual(order.toSorted(), ["a", "b", "c", "d", "e"]);
  for (const page of [one, two]) await idsAre(page, order);
  assert.equal(await two.evaluate(() => window.service.connection().user.name), "Ann");
});
