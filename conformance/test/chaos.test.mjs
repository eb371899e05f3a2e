/**
 * Every minor version of `socket.io-client` 4.x, over every choice of transports, on a line that cuts, stalls, dribbles, delays
 * and says things twice, with pushes from both ends: each client ends with every entry once and in order, and each push is
 * written once. Longer: `CHAOS_DISTURBANCES=200 node --test test/chaos.test.mjs`; the same again: `CHAOS_SEED=…`.
 */
import { test } from "node:test";
import { seed } from "../harness/chaos.mjs";
import { StockGuest } from "../harness/guest.mjs";
import { Api } from "../harness/http.mjs";
import { Record } from "../harness/record.mjs";
import { Server } from "../harness/server.mjs";
import { MINORS, TRANSPORTS } from "../harness/stock-clients.mjs";
import { badLine, ride } from "../harness/storm.mjs";

/** Cuts, stalls and duplications that each client goes through. */
const DISTURBANCES = Number(process.env.CHAOS_DISTURBANCES ?? 15);

/** A stalled line is noticed by the heartbeat only. */
const SOON_NOTICED = "[heartbeat]\nping_interval_ms = 700\nping_timeout_ms = 700\n";

for (const [way, transports] of Object.entries(TRANSPORTS)) {
  test(`all minors of socket.io-client 4.x, ${way}: nothing is lost, doubled or reordered on the worst of lines`, async (t) => {
    const server = await Server.start(t, { config: SOON_NOTICED });
    const token = await server.token("Ann");
    const api = new Api(server.url, token);
    const record = new Record(token);
    const first = seed();
    t.diagnostic(`CHAOS_SEED=${first}`);
    const rides = Object.keys(MINORS).map(async (version, index) => {
      const line = await badLine(t, server.port, first + index);
      const topic = `v${version}`;
      const guest = new StockGuest(t, { version, transports, url: line.url, token, topic, record });
      const { changes, connections } = await ride({
        guest,
        line,
        topic,
        api,
        record,
        disturbances: DISTURBANCES,
      });
      return `${version}: ${changes} changes over ${connections} connections, ${line.cuts} cuts, ${line.stalls} stalls, ${line.twice} twice`;
    });
    for (const done of await Promise.all(rides)) t.diagnostic(done);
    t.diagnostic(`the judge found nothing in ${await record.judge(api)} events`);
  });
}
