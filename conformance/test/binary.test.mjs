/**
 * The binary as somebody starts it for the first time: what it prints, where it listens, and what each listener serves.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { io } from "socket.io-client";
import { openBrowser, Person } from "../harness/browser.mjs";
import { poll, within } from "../harness/deadline.mjs";
import { freePort } from "../harness/ports.mjs";
import { binary, Server } from "../harness/server.mjs";

/** Starts the binary with these addresses on an empty folder; it ends with the test. */
async function firstStart(t, ports) {
  const folder = mkdtempSync(join(tmpdir(), "tidings-first-"));
  const data = join(folder, "data");
  const listen = ports.flatMap((port) => ["--listen", `localhost:${port}`]);
  const child = spawn(binary(), ["serve", "--dev", "--data", data, ...listen], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  let log = "";
  child.stderr.on("data", (bytes) => {
    log += bytes;
  });
  await poll(
    () => /#setup=\S+/.test(log),
    () => `the set-up link in:\n${log}`,
  );
  return { data, log: () => log };
}

test("the first start prints its addresses, the data folder and a link that makes the first admin", async (t) => {
  const ports = [await freePort(), await freePort()];
  const { data, log } = await firstStart(t, ports);
  for (const port of ports) assert.ok(log().includes(`http://localhost:${port}`), log());
  assert.ok(log().includes(data), log());
  const [link] = /http:\S+#setup=\S+/.exec(log());

  const browser = await openBrowser(t);
  const page = await browser.newPage();
  await page.goto(link);
  await page.getByLabel("Your name").fill("Root");
  await page.getByLabel("Email").fill("root@example.com");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByTestId("join").click();
  await page.getByTestId("composer").waitFor();
  assert.ok(!page.url().includes("setup"), "the secret is gone from the address bar");
  const { user } = await (
    await fetch(`http://localhost:${ports[0]}/api/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "root@example.com", password: "correct horse battery" }),
    })
  ).json();
  assert.equal(user.role, "admin");
});

test("every listener serves the page, the API and sockets, on IPv4 and IPv6", async (t) => {
  const ports = [await freePort(), await freePort()];
  await firstStart(t, ports);
  for (const port of ports) {
    for (const host of ["127.0.0.1", "[::1]"]) {
      const url = `http://${host}:${port}`;
      const page = await fetch(`${url}/`);
      assert.match(await page.text(), /<title>[^<]*Tidings/);
      assert.equal((await (await fetch(`${url}/api/health`)).json()).status, "ok");
      for (const script of [
        "/tidings.js",
        "/socket.io/socket.io.js",
        "/socket.io/socket.io.min.js",
        "/socket.io/socket.io.esm.min.js",
      ]) {
        const answer = await fetch(`${url}${script}`);
        assert.equal(answer.status, 200, script);
        assert.match(answer.headers.get("content-type"), /javascript/, script);
      }
      const socket = io(url, { transports: ["websocket"], reconnection: false });
      t.after(() => socket.disconnect());
      await within(new Promise((resolve) => socket.once("connected", resolve)), "connected");
    }
  }
});

/** How light a colour is, from 0 to 255. */
function lightness(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return (red + green + blue) / 3;
}

test("the page is light or dark as the system is", async (t) => {
  const server = await Server.start(t);
  const browser = await openBrowser(t);
  const background = async (colorScheme) => {
    const person = await Person.enter(t, browser, server.url, `In the ${colorScheme}`, { colorScheme });
    return lightness(await person.page.evaluate(() => getComputedStyle(document.body).backgroundColor));
  };
  assert.ok((await background("light")) > 200);
  assert.ok((await background("dark")) < 60);
});

test("the room follows only while somebody is at its end, and says how much came meanwhile", async (t) => {
  const server = await Server.start(t);
  const browser = await openBrowser(t);
  const ann = await Person.enter(t, browser, server.url, "Ann", { viewport: { width: 390, height: 600 } });
  const bob = await Person.enter(t, browser, server.url, "Bob", { viewport: { width: 390, height: 600 } });
  for (let line = 1; line <= 20; line += 1) await bob.write(`line ${line} of Bob`);
  await ann.message("line 20 of Bob").waitFor();
  await poll(() => ann.message("line 20 of Bob").isVisible(), "the end to be in view");
  await ann.message("line 1 of Bob").first().scrollIntoViewIfNeeded();
  await ann.page.getByTestId("messages").hover();
  await ann.page.mouse.wheel(0, -5_000);
  await bob.write("something new below");
  await ann.page.getByTestId("jump-to-end").waitFor();
  await poll(
    async () => /1/.test(await ann.page.getByTestId("jump-to-end").textContent()),
    "the count of new messages",
  );
  await ann.page.getByTestId("jump-to-end").click();
  await poll(async () => {
    const box = await ann.message("something new below").boundingBox();
    return box !== null && box.y > 0 && box.y + box.height <= 600;
  }, "the newest message in view");
});

test("the room can be used by keyboard alone", async (t) => {
  const server = await Server.start(t);
  const browser = await openBrowser(t);
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.getByTestId("name-field").waitFor();
  await page.keyboard.type("Kim");
  await page.keyboard.press("Enter");
  await page.getByTestId("composer").waitFor();
  await poll(
    () => page.evaluate(() => document.activeElement?.getAttribute("data-testid") === "composer"),
    "the composer to have the focus",
  );
  await page.keyboard.type("first line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await page.getByTestId("message").filter({ hasText: "second line" }).waitFor();
  const reached = new Set();
  for (let step = 0; step < 25; step += 1) {
    await page.keyboard.press("Shift+Tab");
    reached.add(
      await page.evaluate(() => {
        const at = document.activeElement;
        return at?.getAttribute("data-testid") ?? at?.getAttribute("aria-label") ?? at?.textContent ?? "";
      }),
    );
  }
  for (const name of ["sign-out", "second-window"])
    assert.ok(reached.has(name), `${name} within ${[...reached].join(", ")}`);
});
