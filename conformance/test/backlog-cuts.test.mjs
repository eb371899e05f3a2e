/**
 * A long backlog over a line that is cut again and again in the middle of it: in the middle of a frame, of a polling answer,
 * of an HTTP head. However often, the client ends with every entry once and in order.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadLine } from "../harness/bad-line.mjs";
import { offsetsAreCursors, sameChanges } from "../harness/deliveries.mjs";
import { Ear } from "../harness/ear.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { RESUMING, TRANSPORTS } from "../harness/stock-clients.mjs";

const BACKLOG = ids("missed", 1_500);
const CUTS = 25;
const HELD_BYTES = 100_000;
const ROUNDS_MAX = 2_000;

function ids(prefix, count) {
  return Array.from({ length: count }, (_, index) => `${prefix} ${index}`);
}

/** Where connections are cut, in bytes from the server: the same odd places in every run, near and far. */
function* places() {
  for (let state = 7; ; state = (state * 16_807) % 2_147_483_647)
    yield 100 + (state % (state % 2 === 0 ? 3_000 : 60_000));
}

for (const version of RESUMING) {
  for (const [way, transports] of Object.entries(TRANSPORTS)) {
    test(`socket.io-client ${version}, ${way}: a backlog and what follows, cut at ${CUTS} places, arrive once, in order`, async (t) => {
      const server = await Server.start(t);
      const token = await server.token("Ann");
      const line = await BadLine.start(t, server.port);
      const ear = Ear.open(t, version, line.url, { transports, auth: { token } });
      await ear.nth("connected", 1);
      line.pull();
      const pusher = Ear.open(t, version, server.url, { transports: ["websocket"], auth: { token, topics: ["none"] } });
      await pusher.addAll("notes", BACKLOG);

      const cutPlaces = places();
      line.rule = (link, count) => {
        // Polling needs several connections in a row to say hello: every third one holds longer than any answer.
        if (line.cuts < CUTS) link.cutAt(count % 3 === 0 ? HELD_BYTES : cutPlaces.next().value);
      };
      line.mend();
      for (let round = 0; line.cuts < CUTS; round += 1) {
        await pusher.addAll("notes", ids(`round ${round}`, 10));
        assert.ok(round < ROUNDS_MAX, `only ${line.cuts} cuts after ${round} rounds`);
      }
      const history = await new Api(server.url, token).history();
      await ear.untilUpdates(history.length, "notes", 60_000);
      sameChanges(ear.updates(), history);
      offsetsAreCursors(ear.packets);
      for (const [{ resumed }] of ear.all("connected").slice(1)) assert.equal(resumed, true);
      for (const [{ recovered }] of ear.all("connect").slice(1)) assert.equal(recovered, true);
      assert.deepEqual(ear.all("reset"), []);
    });
  }

  test(`socket.io-client ${version}: connected says where following starts, so a drop during catch-up skips nothing`, async (t) => {
    const server = await Server.start(t);
    const token = await server.token("Ann");
    const line = await BadLine.start(t, server.port);
    const ear = Ear.open(t, version, line.url, { transports: ["websocket"], auth: { token } });
    const [, start] = await ear.nth("connected", 1);
    line.pull();
    const api = new Api(server.url, token);
    await api.addAll("notes", ids("n", 20));
    // Catch-up is cut right after `connected` came, before the first entry, and the next one after three entries.
    let round = 0;
    line.rule = (link) => {
      round += 1;
      if (round === 1) link.cutBefore('42["sync_update"');
      if (round === 2) link.cutBefore('"id":"n 3"');
    };
    line.mend();
    for (const count of [2, 3]) assert.equal((await ear.nth("connected", count))[1], start, "the place did not move");
    const [, third] = await ear.nth("connected", 4);
    assert.equal(third, ear.all("sync_update")[2][1], "following goes on after the third entry");
    await ear.untilUpdates(20);
    sameChanges(ear.updates(), await api.history());
  });
}
