/**
 * A short conversation with a stock client, cut once after each of its bytes, in either direction: however far it had come,
 * the client ends with every entry once and in order, and what it pushed is there once.
 *
 * Every n-th byte; `CHAOS_STRIDE=1 node --test test/cut-everywhere.test.mjs` for all of them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CALM, CALM_PLAN, ChaosLine, Random, seed } from "../harness/chaos.mjs";
import { sameChanges } from "../harness/deliveries.mjs";
import { Ear } from "../harness/ear.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { SOON_TIRED, TRANSPORTS } from "../harness/stock-clients.mjs";

/** Bytes from one cut to the next. */
const STRIDE = Number(process.env.CHAOS_STRIDE ?? 37);

/** Conversations at the same time. */
const AT_ONCE = 8;

/** A line that was lost in the instant of an upgrade is noticed by the heartbeat only. */
const SOON_NOTICED = "[heartbeat]\nping_interval_ms = 1000\nping_timeout_ms = 1000\n";

/**
 * One conversation over a line of its own: connect, push two items, hear them and two of somebody else's. `name` makes its
 * topic and items its own. Answers with how many bytes passed.
 */
async function converse({ t, server, token, transports, name, cut }) {
  const line = await ChaosLine.start(t, server.port);
  const left = { ...cut };
  line.plan = () => planOf(left, line);
  const ear = Ear.open(t, "4.8", line.url, { ...SOON_TIRED, transports, auth: { token, topics: [name] } });
  const api = new Api(server.url, token);
  try {
    const [, start] = await ear.nth("connected", 1);
    const pushed = { type: name, action: "add", data: { id: "own 1" }, key: `${name} 1` };
    await Promise.all(
      [pushed, { ...pushed, data: { id: "own 2" }, key: `${name} 2` }].map((one) => keepPushing(ear, one)),
    );
    await api.addAll(name, ["other 1", "other 2"]);
    await ear.untilUpdates(4);
    const history = (await api.history(start)).filter(({ type }) => type === name);
    assert.equal(history.length, 4, "each push was written once");
    sameChanges(ear.updates(), history);
    assert.deepEqual(ear.all("reset"), []);
    return { ...line.bytes, cuts: line.cuts };
  } catch (error) {
    error.message = `cut ${JSON.stringify(cut)}: ${error.message}; ${ear.story()}`;
    throw error;
  } finally {
    ear.socket.disconnect();
    line.end();
  }
}

/** The cut counts over all connections together, since long-polling needs several, and comes once. */
function planOf({ way, at }, line) {
  if (way === undefined || line.cuts > 0) return CALM_PLAN;
  return { ...CALM_PLAN, [way]: { ...CALM, cutAt: Math.max(0, at - line.bytes[way]) } };
}

/** Pushes until it is acked, over however many connections. */
async function keepPushing(ear, change) {
  for (;;) {
    await ear.until(() => ear.socket.connected, "a connection");
    const answer = await ear.pushUnlessCut(change);
    if (answer === null) continue;
    assert.equal(answer.success, true, JSON.stringify(answer));
    return;
  }
}

for (const [way, transports] of Object.entries(TRANSPORTS)) {
  test(`socket.io-client 4.8, ${way}: cut after every ${STRIDE}th byte of a conversation, nothing is lost or doubled`, async (t) => {
    const server = await Server.start(t, { config: SOON_NOTICED });
    const token = await server.token("Ann");
    const scene = { t, server, token, transports };
    const whole = await converse({ ...scene, name: "uncut", cut: {} });
    const random = new Random(seed());
    const cuts = ["up", "down"].flatMap((side) => {
      // Upgrades and heartbeats make conversations differ a little in length.
      const first = random.below(STRIDE);
      return Array.from({ length: Math.ceil(whole[side] / STRIDE) }, (_, index) => ({
        way: side,
        at: first + index * STRIDE,
      }));
    });
    let came = 0;
    const workers = Array.from({ length: AT_ONCE }, async (_, worker) => {
      for (let index = worker; index < cuts.length; index += AT_ONCE) {
        const { cuts: cut } = await converse({ ...scene, name: `cut-${index}`, cut: cuts[index] });
        came += cut;
      }
    });
    await Promise.all(workers);
    t.diagnostic(`${came} cuts at ${cuts.length} places of ${whole.up} bytes up and ${whole.down} down`);
    // A conversation that moves earlier to its WebSocket is shorter, and is over before the last places.
    assert.ok(came >= cuts.length / 2, `only ${came} of ${cuts.length} cuts came`);
  });
}
