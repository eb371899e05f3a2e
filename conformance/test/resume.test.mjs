/**
 * Clients from 4.6 on resume by themselves, within a page and over every transport: whatever the line or the server did,
 * they get every entry once and in order, `recovered` is true, and `connected` says `resumed`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadLine } from "../harness/bad-line.mjs";
import { poll } from "../harness/deadline.mjs";
import { offsetsAreCursors, sameChanges, withoutHoles } from "../harness/deliveries.mjs";
import { Ear } from "../harness/ear.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { RESUMING, TRANSPORTS } from "../harness/stock-clients.mjs";

/** A heartbeat by which a client notices a lost line after four seconds. */
const SOON_NOTICED = "[heartbeat]\nping_interval_ms = 2000\nping_timeout_ms = 2000\n";

/** A server, a line to it that can be cut, somebody who pushes beside that line, and somebody who listens through it. */
async function scene(t, version, transports, options = {}) {
  const server = await Server.start(t, options);
  const token = await server.token("Ann");
  const line = await BadLine.start(t, server.port);
  const ear = Ear.open(t, version, line.url, { transports, auth: { token } });
  return { server, line, ear, api: new Api(server.url, token) };
}

/** The `count`-th greeting was a resume that began exactly where the client had left off. */
async function resumed(ear, count) {
  const [hello, start] = await ear.nth("connected", count);
  assert.equal(hello.resumed, true, "connected says resumed");
  assert.equal(ear.all("connect")[count - 1][0].recovered, true, "the client says recovered");
  assert.equal(start, ear.cursorBefore(count), "where following starts is where the client was");
}

async function complete(ear, api) {
  const history = await api.history();
  await ear.untilUpdates(history.length);
  sameChanges(ear.updates(), history);
  withoutHoles(ear.updates());
  offsetsAreCursors(ear.packets);
  assert.deepEqual(ear.all("reset"), []);
}

for (const version of RESUMING) {
  for (const [way, transports] of Object.entries(TRANSPORTS)) {
    const name = `socket.io-client ${version}, ${way}`;

    // A client told to close in the middle of its upgrade finishes the upgrade first, and must not take an entry along.
    test(`${name}: what was pushed while the engine was closed arrives once, in order`, async (t) => {
      const { ear, api } = await scene(t, version, transports);
      await ear.nth("connected", 1);
      await api.addAll("notes", ["1", "2", "3"]);
      await ear.untilUpdates(3);
      for (let round = 2; round <= 12; round += 1) {
        const during = api.addAll("notes", [`${round}a`]);
        ear.cut();
        await during;
        await api.addAll("notes", [`${round}b`]);
        await resumed(ear, round);
      }
      await complete(ear, api);
    });

    test(`${name}: a pulled cable, for long enough to miss things, again and again`, async (t) => {
      // A stock client that loses its new WebSocket in the instant in which it has stopped polling notices by its
      // heartbeat only.
      const { ear, api, line } = await scene(t, version, transports, { config: SOON_NOTICED });
      await ear.nth("connected", 1);
      for (let round = 2; round <= 6; round += 1) {
        await api.addAll("notes", [`${round}a`]);
        line.pull();
        await api.addAll("notes", [`${round}b`, `${round}c`]);
        await api.push({ type: "notes", action: "delete", data: { id: `${round}a` } });
        // Who is between two polls notices by its next one only.
        await ear.nth("disconnect", round - 1);
        line.mend();
        await resumed(ear, round);
        await ear.untilUpdates((round - 1) * 4);
      }
      await completeApartFromDeleted(ear, api);
    });

    test(`${name}: the server is killed and comes back, with a client that waits for it`, async (t) => {
      const { ear, api, server } = await scene(t, version, transports, { config: SOON_NOTICED });
      await ear.nth("connected", 1);
      for (let round = 2; round <= 4; round += 1) {
        await api.addAll("notes", [`${round}a`, `${round}b`]);
        await server.kill();
        await server.start();
        await api.addAll("notes", [`${round}c`]);
        await resumed(ear, round);
      }
      await complete(ear, api);
    });
  }

  for (const [where, cut] of Object.entries({
    "between the CONNECT answer and connected": (link) => link.cutBefore('42["connected"'),
    "in the middle of connected": (link) => link.cutAfter('42["connected",{"'),
    "right after connected": (link) => link.cutAfter('","resumed":false'),
  })) {
    test(`socket.io-client ${version}: cut ${where}, before any other event, nothing is skipped`, async (t) => {
      const server = await Server.start(t);
      const token = await server.token("Ann");
      const api = new Api(server.url, token);
      await api.addAll("notes", ["before"]);
      const line = await BadLine.start(t, server.port);
      line.rule = (link, count) => {
        if (count > 1) return;
        cut(link);
        line.isOpen = false;
      };
      const ear = Ear.open(t, version, line.url, { transports: ["websocket"], auth: { token } });
      await line.untilCuts(1);
      await ear.nth("connect", 1);
      await ear.nth("disconnect", 1);
      await api.addAll("notes", ["missed 1", "missed 2"]);
      line.mend();
      await ear.nth("connect", 2);
      await ear.untilUpdates(2);
      assert.equal(ear.all("connect")[1][0].recovered, true);
      const greetings = ear.all("connected");
      assert.equal(greetings.at(-1)[0].resumed, true);
      assert.equal(typeof ear.connectsSent[1].pid, "string");
      if (where.startsWith("between")) assert.equal("offset" in ear.connectsSent[1], false, "only the pid came back");
      assert.deepEqual(
        ear.updates().map(({ data }) => data.id),
        ["missed 1", "missed 2"],
      );
    });
  }

  test(`socket.io-client ${version}: a line that falls silent without closing is noticed by both and resumed`, async (t) => {
    const config = "[heartbeat]\nping_interval_ms = 300\nping_timeout_ms = 300\n";
    const { ear, api, line } = await scene(t, version, ["websocket"], { config });
    await ear.nth("connected", 1);
    await api.addAll("notes", ["1"]);
    await ear.untilUpdates(1);
    line.silence();
    await api.addAll("notes", ["2", "3"]);
    assert.deepEqual(await ear.nth("disconnect", 1), ["ping timeout"]);
    await resumed(ear, 2);
    await complete(ear, api);
    const health = async () => (await api.call("/api/health")).json.clients;
    await poll(async () => (await health()) === 1, "the server to give the silent socket up");
  });
}

/** An `add` that was deleted meanwhile is left out of a replay; the delete itself always comes. */
async function completeApartFromDeleted(ear, api) {
  const history = await api.history();
  const present = (change) => history.some((other) => other.seq === change.seq);
  const got = ear.updates().filter(present);
  sameChanges(got, history);
  const seqs = ear.updates().map(({ seq }) => seq);
  assert.deepEqual(
    seqs,
    [...new Set(seqs)].sort((one, other) => one - other),
    "once and in order",
  );
  offsetsAreCursors(ear.packets);
}
