/**
 * Clients in other languages, over every choice of transports, on a line that cuts, stalls, dribbles, delays and says things
 * twice, with pushes from both ends: each ends with every entry once and in order, and each push is written once. What an
 * application has to do for that is what the programs in `conformance/guests` do, and stands in docs/compatibility.md.
 * Longer: `CHAOS_DISTURBANCES=200 node --test test/foreign-clients.test.mjs`; the same again: `CHAOS_SEED=…`.
 */
import { test } from "node:test";
import { seed } from "../harness/chaos.mjs";
import { allAreThere, FOREIGN } from "../harness/foreign-clients.mjs";
import { ProgramGuest } from "../harness/guest.mjs";
import { Api } from "../harness/http.mjs";
import { Record } from "../harness/record.mjs";
import { Server } from "../harness/server.mjs";
import { badLine, ride } from "../harness/storm.mjs";

/** Cuts, stalls and duplications that each client goes through. */
const DISTURBANCES = Number(process.env.CHAOS_DISTURBANCES ?? 12);

/** A stalled line is noticed by the heartbeat only; by python-socketio's long-polling 5 s after it was due. */
const SOON_NOTICED = "[heartbeat]\nping_interval_ms = 700\nping_timeout_ms = 700\n";

test("clients in Python and Rust: nothing is lost, doubled or reordered on the worst of lines", async (t) => {
  allAreThere();
  const server = await Server.start(t, { config: SOON_NOTICED });
  const token = await server.token("Ann");
  const api = new Api(server.url, token);
  const record = new Record(token);
  const first = seed();
  t.diagnostic(`CHAOS_SEED=${first}`);
  const guests = Object.entries(FOREIGN).flatMap(([client, { command, ways }]) =>
    Object.entries(ways).map(([way, transports]) => ({ client, command, way, transports })),
  );
  const rides = guests.map(async ({ client, command, way, transports }, index) => {
    const line = await badLine(t, server.port, first + index);
    const topic = `guest${index}`;
    const guest = new ProgramGuest(t, command, { transports, url: line.url, token, topic, record });
    const { changes, connections } = await ride({
      guest,
      line,
      topic,
      api,
      record,
      disturbances: DISTURBANCES,
    });
    const done = `${changes} changes over ${connections} connections`;
    return `${client}, ${way}: ${done}, ${line.cuts} cuts, ${line.stalls} stalls, ${line.twice} twice`;
  });
  for (const done of await Promise.all(rides)) t.diagnostic(done);
  t.diagnostic(`the judge found nothing in ${await record.judge(api)} events`);
});
