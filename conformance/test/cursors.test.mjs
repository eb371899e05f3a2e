/** Cursors in a page's own hands: across reloads, beside the client's own offset, in older clients, and those that fit nothing. */
import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BadLine } from "../harness/bad-line.mjs";
import { offsetsAreCursors, sameChanges } from "../harness/deliveries.mjs";
import { Ear } from "../harness/ear.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { CLIENTS, OLDER, RESUMING, TRANSPORTS } from "../harness/stock-clients.mjs";

const versions = Object.keys(CLIENTS);

async function scene(t) {
  const server = await Server.start(t);
  const token = await server.token("Ann");
  return { server, token, api: new Api(server.url, token) };
}

for (const version of versions) {
  for (const [way, transports] of Object.entries(TRANSPORTS)) {
    test(`socket.io-client ${version}, ${way}: after a reload auth.cursor goes on where the page left off`, async (t) => {
      const { server, token, api } = await scene(t);
      const before = Ear.open(t, version, server.url, { transports, auth: { token } });
      await before.nth("connected", 1);
      await api.addAll("notes", ["1", "2"]);
      await before.untilUpdates(2);
      const cursor = before.cursor;
      before.socket.disconnect();
      await api.addAll("notes", ["3", "4"]);
      await server.kill();
      await server.start();
      const after = Ear.open(t, version, server.url, { transports, auth: { token, cursor } });
      const [hello, start] = await after.nth("connected", 1);
      assert.equal(hello.resumed, true);
      assert.equal(start, cursor);
      assert.notEqual(after.all("connect")[0][0].recovered, true, "a new page has recovered nothing by itself");
      await api.addAll("notes", ["5"]);
      await after.untilUpdates(3);
      sameChanges([...before.updates(), ...after.updates()], await api.history());
      offsetsAreCursors(after.packets);
    });
  }

  test(`socket.io-client ${version}: following from the cursor of a state leaves no gap and no overlap`, async (t) => {
    const { server, token, api } = await scene(t);
    await api.addAll("notes", ["1", "2"]);
    const { state, cursor } = await api.state();
    await api.addAll("notes", ["3"]);
    const ear = Ear.open(t, version, server.url, { auth: { token, cursor } });
    assert.equal((await ear.nth("connected", 1))[0].resumed, true);
    await api.addAll("notes", ["4"]);
    await ear.untilUpdates(2);
    const ids = [...state.notes, ...ear.updates().map(({ data }) => data)].map(({ id }) => id);
    assert.deepEqual(ids, ["1", "2", "3", "4"]);
  });

  test(`socket.io-client ${version}: a cursor that nobody gave out gets a reset, and following goes on from its cursor`, async (t) => {
    const { server, token, api } = await scene(t);
    await api.addAll("notes", ["1"]);
    const { cursor: real } = await api.state();
    // Of the last character only four bits count, and the other two are nothing: "B" would make it no cursor at all.
    const forged = real.slice(0, -2) + (real.endsWith("AA") ? "EE" : "AA");
    for (const [cursor, reason] of [
      ["nonsense", "unknown_cursor"],
      ["", null],
      [forged, "diverged"],
    ]) {
      const ear = Ear.open(t, version, server.url, { auth: { token, cursor } });
      const [hello] = await ear.nth("connected", 1);
      assert.equal(hello.resumed, false, cursor);
      if (reason !== null) {
        const [told, at] = await ear.nth("reset", 1);
        assert.equal(told.reason, reason, cursor);
        assert.equal(at, real, "the cursor of a reset is the head: nothing is told twice after a snapshot");
      }
      ear.socket.disconnect();
    }
  });
}

for (const version of OLDER) {
  for (const [way, transports] of Object.entries(TRANSPORTS)) {
    test(`socket.io-client ${version}, ${way}: a page that hands its cursor back misses nothing across drops and a restart`, async (t) => {
      const { server, token, api } = await scene(t);
      const line = await BadLine.start(t, server.port);
      let ear = null;
      const auth = (send) => send({ token, ...(ear?.cursor ? { cursor: ear.cursor } : {}) });
      ear = Ear.open(t, version, line.url, { transports, auth });
      await ear.nth("connected", 1);
      for (let round = 2; round <= 5; round += 1) {
        await api.addAll("notes", [`${round}a`, `${round}b`]);
        line.pull();
        await api.addAll("notes", [`${round}c`]);
        if (round === 3) {
          await server.kill();
          await server.start();
        }
        // Who is between two polls notices by its next one only.
        await ear.nth("disconnect", round - 1);
        line.mend();
        const [hello, start] = await ear.nth("connected", round);
        assert.equal(hello.resumed, true);
        assert.equal(start, ear.cursorBefore(round));
      }
      const history = await api.history();
      await ear.untilUpdates(history.length);
      sameChanges(ear.updates(), history);
    });
  }

  test(`socket.io-client ${version}: without a cursor a reconnect says resumed: false, which tells the page to take a snapshot`, async (t) => {
    const { server, token, api } = await scene(t);
    const ear = Ear.open(t, version, server.url, { auth: { token } });
    await ear.nth("connected", 1);
    ear.cut();
    await api.addAll("notes", ["1"]);
    const [hello, start] = await ear.nth("connected", 2);
    assert.equal(hello.resumed, false);
    const { changes } = await ear.ask("pull", { since: start });
    const { state } = await api.state();
    assert.equal(state.notes.length, 1);
    assert.ok(changes.length <= 1);
  });
}

for (const version of RESUMING) {
  test(`socket.io-client ${version}: a static auth.cursor travels beside newer offsets, and the offset wins`, async (t) => {
    const { server, token, api } = await scene(t);
    const { cursor } = await api.state();
    await api.addAll("notes", ["1", "2"]);
    const ear = Ear.open(t, version, server.url, { auth: { token, cursor } });
    await ear.untilUpdates(2);
    for (let round = 1; round <= 3; round += 1) {
      ear.cut();
      await api.addAll("notes", [`more ${round}`]);
      const [hello, start] = await ear.nth("connected", round + 1);
      assert.equal(hello.resumed, true);
      assert.equal(start, ear.cursorBefore(round + 1));
      const sent = ear.connectsSent[round];
      assert.equal(sent.cursor, cursor, "the old cursor did travel");
      assert.equal(sent.offset, start);
      await ear.untilUpdates(2 + round);
    }
    sameChanges(ear.updates(), await api.history());
  });

  test(`socket.io-client ${version}: acks never move the offset`, async (t) => {
    const { server, token } = await scene(t);
    const ear = Ear.open(t, version, server.url, { auth: { token, topics: ["followed"] } });
    const [, start] = await ear.nth("connected", 1);
    // Acks of pushes to a topic it does not follow carry newer cursors; so do the answers to pulls.
    const answer = await ear.push({ type: "other", action: "add", data: { id: "1" } });
    assert.notEqual(answer.cursor, start);
    await ear.ask("pull", {});
    ear.cut();
    await ear.nth("connected", 2);
    assert.equal(ear.connectsSent[1].offset, start);
    assert.equal(ear.all("connected")[1][0].resumed, true);
  });

  test(`socket.io-client ${version}: cut at its own entry, with the ack before it or not, the pusher still gets the entry, once`, async (t) => {
    const { server, token, api } = await scene(t);
    const line = await BadLine.start(t, server.port);
    for (let round = 1; round <= 8; round += 1) {
      line.rule = (link) => {
        link.cutBefore('42["sync_update"');
        line.rule = () => {};
      };
      const ear = Ear.open(t, version, line.url, { transports: ["websocket"], auth: { token } });
      await ear.nth("connected", 1);
      const change = { type: "notes", action: "add", data: { id: `n${round}` }, key: `key ${round}` };
      ear.socket.emit("push", change, () => {});
      await ear.nth("connected", 2);
      await ear.untilUpdates(1);
      // A page that got no ack asks again, with the same key.
      const again = await ear.push(change);
      assert.equal(again.duplicate, true);
      await ear.push({ type: "notes", action: "update", data: { id: `n${round}`, text: "last" } });
      await ear.untilUpdates(2);
      assert.deepEqual(
        ear.updates().map(({ action, data }) => [action, data.id]),
        [
          ["add", `n${round}`],
          ["update", `n${round}`],
        ],
      );
    }
    assert.equal((await api.history()).length, 16);
  });

  test(`socket.io-client ${version}: a restored backup gets a fresh pid and a reset, not silence`, async (t) => {
    const { server, token, api } = await scene(t);
    const line = await BadLine.start(t, server.port);
    await api.addAll("notes", ["1", "2"]);
    const ear = Ear.open(t, version, line.url, { auth: { token } });
    await ear.nth("connected", 1);
    const backup = join(server.folder, "backup");
    await server.stop();
    cpSync(server.data, backup, { recursive: true });
    await server.start();
    await ear.nth("connected", 2);
    await api.addAll("notes", ["3", "4"]);
    await ear.untilUpdates(2);

    // The restored journal is shorter than where the client was; then as long, and longer, with other entries.
    for (const [round, others] of [
      [3, []],
      [4, ["3c", "4c", "5c"]],
    ]) {
      line.pull();
      await server.stop();
      rmSync(server.data, { recursive: true });
      cpSync(backup, server.data, { recursive: true });
      await server.start();
      await api.addAll("notes", others);
      const { cursor: head } = await api.state();
      line.mend();
      const [hello, start] = await ear.nth("connected", round);
      assert.equal(hello.resumed, false);
      assert.equal(ear.all("connect")[round - 1][0].recovered, false, "a fresh pid");
      const [told, at] = await ear.nth("reset", round - 2);
      assert.equal(told.reason, "diverged");
      assert.deepEqual([start, at], [head, head], "following goes on from the head, where a snapshot is taken");
      const before = ear.updates().length;
      await api.addAll("notes", [`after ${round} a`, `after ${round} b`]);
      await ear.untilUpdates(before + 2);
    }
  });
}
