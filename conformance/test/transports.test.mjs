/** Every stock client over every choice of transports does what docs/protocol.md says of connecting, pushing and pulling. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { offsetsAreCursors, sameChanges } from "../harness/deliveries.mjs";
import { Ear } from "../harness/ear.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { CLIENTS, TRANSPORTS } from "../harness/stock-clients.mjs";

const CURSOR = /^[A-Za-z0-9_-]{1,64}$/;

for (const version of Object.keys(CLIENTS)) {
  for (const [way, transports] of Object.entries(TRANSPORTS)) {
    test(`socket.io-client ${version}, ${way}: connects, pushes, receives and pulls`, async (t) => {
      const server = await Server.start(t);
      const token = await server.token("Ann");
      const ear = Ear.open(t, version, server.url, { transports, auth: { token } });

      const [hello, start] = await ear.nth("connected", 1);
      assert.deepEqual(Object.keys(hello).sort(), ["clients", "message", "resumed", "space", "user"]);
      assert.equal(hello.space, "default");
      assert.equal(hello.resumed, false);
      assert.equal(hello.clients, 1);
      assert.equal(hello.user.name, "Ann");
      assert.match(hello.user.id, /./);
      assert.match(start, CURSOR);
      assert.deepEqual(
        ear.heard.map(({ name }) => name),
        ["connect", "connected"],
        "connected is the first event",
      );

      const pushed = await ear.push({ type: "notes", action: "add", data: { id: "a", text: "über 🦊" }, key: "k1" });
      assert.equal(pushed.success, true, JSON.stringify(pushed));
      assert.deepEqual([pushed.position, pushed.seq, pushed.duplicate], [1, 1, false]);
      assert.match(pushed.cursor, CURSOR);

      await ear.untilUpdates(1);
      const [update, cursor] = ear.all("sync_update")[0];
      assert.deepEqual(Object.keys(update), ["type", "action", "data", "timestamp", "author", "seq"]);
      assert.deepEqual(
        { ...update, timestamp: 0 },
        {
          type: "notes",
          action: "add",
          data: { id: "a", text: "über 🦊" },
          timestamp: 0,
          author: hello.user.id,
          seq: 1,
        },
      );
      assert.ok(Math.abs(update.timestamp - Date.now()) < 60_000);
      assert.equal(cursor, pushed.cursor);

      const retried = await ear.push({ type: "notes", action: "add", data: { id: "a", text: "über 🦊" }, key: "k1" });
      assert.deepEqual(retried, { ...pushed, duplicate: true });

      const api = new Api(server.url, token);
      const answer = await api.push({ type: "notes", action: "update", data: { id: "a", text: "2" }, adminId: "x" });
      assert.deepEqual([answer.status, answer.json.success, answer.json.position], [200, true, 2], answer.text);
      await ear.untilUpdates(2);
      assert.deepEqual(ear.updates()[1].data, { id: "a", text: "2" });

      const page = await ear.ask("pull", { since: start, limit: 1 });
      assert.deepEqual([page.changes.length, page.complete], [1, false], JSON.stringify(page));
      const rest = await ear.ask("pull", { since: page.cursor });
      assert.deepEqual([rest.changes.length, rest.complete], [1, true], JSON.stringify(rest));
      sameChanges([...page.changes, ...rest.changes].slice(1), ear.updates().slice(1));

      const unknown = await ear.ask("no such event", {});
      assert.equal(unknown.code, "unknown_event");
      const bad = await ear.push({ type: "notes", action: "explode", data: { id: "b" } });
      assert.deepEqual([bad.code, typeof bad.error], ["unknown_action", "string"]);
      assert.equal(ear.socket.connected, true);
      offsetsAreCursors(ear.packets);

      if (transports === undefined) {
        const engine = ear.socket.io.engine;
        await ear.until(() => engine.transport.name === "websocket", "the upgrade to a WebSocket");
      }
    });
  }
}
