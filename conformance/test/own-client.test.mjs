/** Our own client against the real server: lists in storage, an outbox that survives everything, snapshots after a reset. */
import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BadLine } from "../harness/bad-line.mjs";
import { Api } from "../harness/http.mjs";
import { newStorage, Tab } from "../harness/own-tab.mjs";
import { Server } from "../harness/server.mjs";

async function scene(t, name = "Ann") {
  const server = await Server.start(t);
  const token = await server.token(name);
  return { server, token, api: new Api(server.url, token), storage: newStorage({ authToken: token }) };
}

test("a push resolves on its ack, and every tab appends it to the list that it keeps in storage", async (t) => {
  const { server, storage, api } = await scene(t);
  const ben = newStorage({ authToken: await server.token("Ben") });
  const [one, two] = [new Tab(t, `${server.url}/api`, storage), new Tab(t, `${server.url}/`, ben)];
  await Promise.all([one.untilConnected(), two.untilConnected()]);
  assert.deepEqual(one.all("connected"), [{ connected: true }]);

  const ack = await one.add("notes", "a");
  assert.deepEqual([ack.success, ack.position, ack.duplicate], [true, 1, false]);
  await api.addAll("notes", ["b", "c"]);
  await two.add("notes", "d");
  for (const tab of [one, two]) {
    assert.deepEqual(await tab.untilIds("notes", 4), ["a", "b", "c", "d"]);
    assert.deepEqual(tab.storedIds("notes"), ["a", "b", "c", "d"]);
    assert.deepEqual(
      tab.all("sync_update").map(({ type, action, data }) => [type, action, data.id]),
      ["a", "b", "c", "d"].map((id) => ["notes", "add", id]),
    );
  }
  await api.push({ type: "settings", action: "update", data: { theme: "dark" } });
  await two.until(() => two.storage.getItem("settings"), "the document");
  assert.deepEqual(JSON.parse(ben.getItem("settings")), { theme: "dark" });
  assert.deepEqual(await one.service.pullFromServer(), (await api.state()).state);
});

test("without a token it reads and may not push; a final no rejects", async (t) => {
  const { server, api, storage } = await scene(t);
  await api.addAll("notes", ["a"]);
  const nobody = new Tab(t, server.url, newStorage());
  await nobody.untilIds("notes", 1);
  await assert.rejects(nobody.add("notes", "b"), { code: "unauthorized" });
  const ann = new Tab(t, server.url, storage);
  await ann.untilConnected();
  await assert.rejects(ann.service.pushUpdate({ type: "notes", action: "clear" }), { code: "forbidden" });
  await assert.rejects(ann.add("notes", "a"), { code: "id_taken" });
  assert.deepEqual(
    ann.all("failed").map(({ code }) => code),
    ["forbidden", "id_taken"],
  );
});

test("what is pushed while the server is away goes out once when it is back, in order", async (t) => {
  const { server, storage, api } = await scene(t);
  const tab = new Tab(t, server.url, storage);
  await tab.untilConnected();
  await tab.add("notes", "before");
  await tab.until(() => tab.service.pending().length === 0, "its own entry to come round");
  await server.kill();
  await tab.until(() => !tab.service.isConnected(), "the loss to be noticed");
  const promises = ["1", "2", "3"].map((id) => tab.add("notes", id));
  assert.deepEqual(
    tab.service.pending().map(({ data, state }) => [data.id, state]),
    [
      ["1", "waiting"],
      ["2", "waiting"],
      ["3", "waiting"],
    ],
  );
  await server.start();
  const acks = await Promise.all(promises);
  assert.deepEqual(
    acks.map(({ position }) => position),
    [2, 3, 4],
  );
  await tab.untilIds("notes", 4);
  await tab.until(() => tab.service.pending().length === 0, "the outbox to be empty");
  assert.deepEqual(
    (await api.history()).map(({ data }) => data.id),
    ["before", "1", "2", "3"],
  );
  assert.deepEqual(
    tab.console.map((line) => line.split(":")[0]),
    ["connecting", "connected", "disconnected", "connected"].map((word) => `[tidings] ${word}`),
    "one line for each change of the connection",
  );
});

test("the outbox outlives the page: what waited goes out after a reload, once", async (t) => {
  const { server, storage, api } = await scene(t);
  const before = new Tab(t, server.url, storage);
  await before.untilConnected();
  await before.add("notes", "a");
  await before.untilIds("notes", 1);
  await server.kill();
  await before.until(() => !before.service.isConnected(), "the loss to be noticed");
  before.add("notes", "b").catch(() => {});
  before.add("notes", "c").catch(() => {});
  before.close();

  const after = new Tab(t, server.url, storage);
  assert.deepEqual(after.ids("notes"), ["a"], "a reload shows everything at once, the server away or not");
  assert.deepEqual(
    after.service.pending().map(({ data }) => data.id),
    ["b", "c"],
  );
  await server.start();
  await after.untilIds("notes", 3);
  await after.until(() => after.service.pending().length === 0, "the outbox to be empty");
  assert.deepEqual(
    (await api.history()).map(({ data }) => data.id),
    ["a", "b", "c"],
  );
});

test("a push whose ack is lost is sent again with its key, and is there once", async (t) => {
  const { server, storage, api } = await scene(t);
  const line = await BadLine.start(t, server.port);
  line.rule = (link) => line.cuts < 6 && link.cutBefore("430[");
  const tab = new Tab(t, line.url, storage, { transports: ["websocket"] });
  await tab.untilConnected();
  const acks = [];
  for (let round = 1; round <= 6; round += 1) acks.push(await tab.add("notes", `n${round}`));
  assert.ok(line.cuts >= 1, "an ack was lost at least once");
  assert.ok(
    acks.some(({ duplicate }) => duplicate),
    "a retry was answered with the first receipt",
  );
  await tab.untilIds("notes", 6);
  assert.deepEqual(
    (await api.history()).map(({ data }) => data.id),
    ["n1", "n2", "n3", "n4", "n5", "n6"],
  );
  assert.deepEqual(tab.ids("notes"), ["n1", "n2", "n3", "n4", "n5", "n6"]);
});

test("a server that was restored from a backup resets the client, which then shows what is there", async (t) => {
  const { server, storage, api } = await scene(t);
  const tab = new Tab(t, server.url, storage);
  await api.addAll("notes", ["a", "b"]);
  await tab.untilIds("notes", 2);
  await server.stop();
  const backup = join(server.folder, "backup");
  cpSync(server.data, backup, { recursive: true });
  await server.start();
  await api.addAll("notes", ["lost"]);
  await tab.untilIds("notes", 3);

  await server.stop();
  rmSync(server.data, { recursive: true });
  cpSync(backup, server.data, { recursive: true });
  await server.start();
  await api.addAll("notes", ["new"]);
  await tab.until(() => tab.ids("notes").join() === "a,b,new", "the restored list");
  await tab.until(() => tab.storedIds("notes").join() === "a,b,new", "the restored list in storage");
  assert.equal(tab.service.isComplete(), true);
  await api.addAll("notes", ["after"]);
  assert.deepEqual(await tab.untilIds("notes", 4), ["a", "b", "new", "after"]);
});

test("a page that comes back after a long time shows its old list at once and then the present one, without doubles", async (t) => {
  const { server, storage, api } = await scene(t);
  const before = new Tab(t, server.url, storage);
  await api.addAll("notes", ["a", "b", "c"]);
  await before.untilIds("notes", 3);
  before.close();
  await api.push({ type: "notes", action: "delete", data: { id: "b" } });
  await api.push({ type: "notes", action: "update", data: { id: "c", text: "changed" } });
  await api.addAll(
    "notes",
    Array.from({ length: 300 }, (_, index) => `later ${index}`),
  );
  const after = new Tab(t, server.url, storage);
  assert.deepEqual(after.ids("notes"), ["a", "b", "c"]);
  await after.untilIds("notes", 302);
  const { state } = await api.state();
  assert.deepEqual(after.service.topic("notes").items, state.notes);
  assert.deepEqual(JSON.parse(storage.getItem("notes")), state.notes);
  const [{ resumed }] = after.all("connection").filter(({ phase }) => phase === "connected");
  assert.equal(resumed, true, "the gap was replayed, not fetched anew");
});

test("a revoked token is told apart from a lost server; a new one brings it back where it was", async (t) => {
  const { server, storage, token } = await scene(t);
  const ben = new Api(server.url, await server.token("Ben"));
  const tab = new Tab(t, server.url, storage);
  await tab.untilConnected();
  await ben.addAll("notes", ["a"]);
  await tab.untilIds("notes", 1);
  await server.revoke("Ann");
  const refused = await tab.until(() => tab.all("connection").find(({ phase }) => phase === "refused"), "the refusal");
  assert.equal(refused.code, "token_revoked");
  await ben.addAll("notes", ["b"]);
  const fresh = await server.token("Ann");
  assert.notEqual(fresh, token);
  storage.setItem("authToken", fresh);
  tab.service.connect();
  await tab.untilConnected();
  assert.deepEqual(await tab.untilIds("notes", 2), ["a", "b"]);
});
