/**
 * An app as it stands in the field, written for another server and changed by nobody: it appends what `sync_update` brings,
 * pushes by HTTP with its own tokens and an `adminId`, and gives a lost server five tries.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { poll } from "../harness/deadline.mjs";
import { Ear } from "../harness/ear.mjs";
import { SECRET, signed } from "../harness/existing-app.mjs";
import { request } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { CLIENTS } from "../harness/stock-clients.mjs";

const FIELD_OPTIONS = {
  transports: ["polling", "websocket"],
  reconnection: true,
  reconnectionAttempts: 5,
  reconnectionDelay: 1_000,
  reconnectionDelayMax: 5_000,
};

/** What such an app has on a page. */
class Page {
  posts = [];

  constructor(t, version, server, user) {
    this.server = server;
    this.token = signed({ userId: user.id, role: user.role, exp: Math.floor(Date.now() / 1_000) + 3_600 });
    this.ear = Ear.open(t, version, server.url, { ...FIELD_OPTIONS, auth: { token: this.token } });
    this.ear.socket.on("sync_update", (update) => {
      if (update.type === "posts" && update.action === "add") this.posts.push(update.data.title);
      this.ear.wake();
    });
  }

  async push(action, data) {
    const { status, text } = await request(`${this.server.url}/api/sync/push`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.token}`,
        "content-type": "application/json",
        origin: "http://localhost:5173",
      },
      body: JSON.stringify({ type: "posts", action, data, adminId: "admin-1", timestamp: Date.now() }),
    });
    return { status, ...JSON.parse(text) };
  }

  untilPosts(count) {
    return this.ear.until(() => this.posts.length >= count && this.posts, `${count} posts`);
  }
}

for (const version of Object.keys(CLIENTS)) {
  test(`an app with socket.io-client ${version} works unchanged and survives a restart within its five tries`, async (t) => {
    const server = await Server.start(t, { env: { TIDINGS_JWT_SECRET: SECRET } });
    const admin = new Page(t, version, server, { id: "admin-1", role: "admin" });
    const reader = new Page(t, version, server, { id: "user-7", role: "user" });
    await Promise.all([admin.ear.nth("connected", 1), reader.ear.nth("connected", 1)]);

    const answer = await admin.push("add", { id: 1, title: "one", body: "…" });
    assert.deepEqual([answer.status, answer.success, typeof answer.message], [200, true, "string"]);
    assert.equal((await admin.push("add", { id: 2, title: "two" })).status, 200);
    for (const page of [admin, reader]) assert.deepEqual(await page.untilPosts(2), ["one", "two"]);
    assert.equal(reader.ear.updates()[0].author, "admin-1");

    const { code } = await server.stop();
    assert.equal(code, 0);
    await server.start();
    for (const page of [admin, reader]) {
      await page.ear.nth("connected", 2);
      const tries = page.ear.all("connect_error").length;
      assert.ok(tries < 5, `${tries} tries failed`);
    }
    assert.equal((await reader.push("add", { id: 3, title: "three" })).status, 200);
    assert.equal((await admin.push("delete", { id: 1 })).status, 200);
    for (const page of [admin, reader]) {
      assert.deepEqual(await page.untilPosts(3), ["one", "two", "three"]);
      await page.ear.untilUpdates(4);
      assert.deepEqual(page.ear.updates().at(-1).data, { id: 1 });
    }
    const { text } = await request(`${server.url}/api/sync/data`);
    assert.deepEqual(JSON.parse(text), {
      posts: [
        { id: 2, title: "two" },
        { id: 3, title: "three" },
      ],
    });
  });
}

test("a retry of such an app, with the same timestamp, is the same push; a second item of its id is refused", async (t) => {
  const server = await Server.start(t, { env: { TIDINGS_JWT_SECRET: SECRET } });
  const page = new Page(t, "4.8", server, { id: "admin-1", role: "admin" });
  await page.ear.nth("connected", 1);
  const body = {
    type: "posts",
    action: "add",
    data: { id: 1, title: "one" },
    adminId: "admin-1",
    timestamp: 1_700_000_000_000,
  };
  const send = (change) =>
    request(`${server.url}/api/sync/push`, {
      method: "POST",
      headers: { authorization: `Bearer ${page.token}`, "content-type": "application/json" },
      body: JSON.stringify(change),
    });
  const answers = [await send(body), await send(body)].map(({ text }) => JSON.parse(text));
  assert.deepEqual(
    answers.map(({ duplicate, position }) => [duplicate, position]),
    [
      [false, 1],
      [true, 1],
    ],
  );
  const other = await send({ ...body, data: { id: 1, title: "another" }, timestamp: 1_700_000_000_001 });
  assert.deepEqual([other.status, JSON.parse(other.text).code], [409, "id_taken"]);
  await page.push("add", { id: 2, title: "two" });
  assert.deepEqual(await page.untilPosts(2), ["one", "two"]);
});

test("an app of another origin on this machine may call with the headers it always sends, and a foreign origin may not", async (t) => {
  const server = await Server.start(t);
  const ask = (origin, path = "/api/sync/push") =>
    request(server.url + path, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-app-version,x-admin-id",
      },
    });
  for (const path of ["/api/sync/push", "/socket.io/?EIO=4&transport=polling"]) {
    const admitted = await ask("http://localhost:5173", path);
    assert.equal(admitted.headers["access-control-allow-origin"], "http://localhost:5173", path);
    assert.match(admitted.headers["access-control-allow-headers"], /x-app-version.*x-admin-id/);
    const foreign = await ask("http://evil.example", path);
    assert.equal(foreign.headers["access-control-allow-origin"], undefined, path);
  }
  const error = await request(`${server.url}/api/sync/push`, {
    method: "POST",
    headers: { origin: "http://localhost:5173" },
  });
  assert.equal(error.headers["access-control-allow-origin"], "http://localhost:5173", "errors can be read too");
  await poll(() => /evil\.example/.test(server.log()), "the refused origin in the log");
});
