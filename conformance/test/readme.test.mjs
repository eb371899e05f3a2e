/**
 * The README's first app, as it stands there: one HTML file on a page of another origin of this machine, with the script
 * that the binary serves.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBrowser } from "../harness/browser.mjs";
import { freePort } from "../harness/ports.mjs";
import { Server } from "../harness/server.mjs";

const README = fileURLToPath(new URL("../../README.md", import.meta.url));

/** The README's HTML file, pointed at a server of this test. */
function firstApp(url) {
  const [, html] = /```html\n([\s\S]*?)```/.exec(readFileSync(README, "utf8"));
  assert.match(html, /http:\/\/localhost:3000/);
  return html.replaceAll("http://localhost:3000", url);
}

async function serve(t, html) {
  const port = await freePort();
  const site = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
  await new Promise((resolve) => site.listen(port, "localhost", resolve));
  t.after(() => site.close());
  return `http://localhost:${port}/`;
}

test("the README's HTML file shows what is pushed", async (t) => {
  const server = await Server.start(t);
  const browser = await openBrowser(t);
  const page = await browser.newPage();
  await page.goto(await serve(t, firstApp(server.url.replace("127.0.0.1", "localhost"))));
  // The page follows from its connect on; health counts it once it is there.
  await page.waitForFunction(() => typeof socket !== "undefined" && socket.connected);
  const token = await server.token("robot");
  const answer = await fetch(`${server.url}/api/sync/push`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "chatMessages", action: "add", data: { id: "r1", content: "Hello" } }),
  });
  assert.equal(answer.status, 200);
  await page.getByText('chatMessages add {"id":"r1","content":"Hello"}').waitFor();
});
