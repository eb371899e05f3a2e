/**
 * How the server goes, and how clients survive it: `goaway` first and transports last, never a DISCONNECT, an Engine.IO
 * `close` only alone; an idle server is gone in a second.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadLine } from "../harness/bad-line.mjs";
import { offsetsAreCursors, sameChanges } from "../harness/deliveries.mjs";
import { Ear } from "../harness/ear.mjs";
import { Api, request } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { CLIENTS, RESUMING, TRANSPORTS } from "../harness/stock-clients.mjs";

const SEPARATOR = "\u001e";

for (const version of Object.keys(CLIENTS)) {
  for (const [way, transports] of Object.entries(TRANSPORTS)) {
    test(`socket.io-client ${version}, ${way}: hears goaway, comes back by itself, and follows the new server`, async (t) => {
      const server = await Server.start(t);
      const token = await server.token("Ann");
      const line = await BadLine.start(t, server.port);
      const ear = Ear.open(t, version, line.url, { transports, auth: { token } });
      await ear.nth("connected", 1);
      if (transports === undefined) {
        await ear.until(() => ear.socket.io.engine.transport.name === "websocket", "the upgrade");
      }
      const { code, tookMs } = await server.stop();
      assert.equal(code, 0);
      // It takes half a second at most to wait for the next poll; the rest is what a busy machine may add.
      assert.ok(tookMs < 2_000, `an idle server took ${Math.round(tookMs)} ms to stop`);
      if (way !== "polling only") {
        // A poller that is between two polls has no connection to be told on, and the listeners are closed.
        const [told] = await ear.nth("goaway", 1);
        assert.equal(typeof told.retry_after_ms, "number");
      }
      const [reason] = await ear.nth("disconnect", 1);
      assert.notEqual(reason, "io server disconnect", "that would stop the client from coming back");
      await server.start();
      await ear.nth("connected", 2);
      await new Api(server.url, token).addAll("notes", ["after"]);
      await ear.untilUpdates(1);
      offsetsAreCursors(ear.packets);
      closeTravelsAlone(line);
    });
  }
}

for (const version of RESUMING) {
  for (const [way, transports] of Object.entries(TRANSPORTS)) {
    test(`socket.io-client ${version}, ${way}: a restart in the middle of a burst loses and doubles nothing`, async (t) => {
      const server = await Server.start(t);
      const token = await server.token("Ann");
      const line = await BadLine.start(t, server.port);
      const ear = Ear.open(t, version, line.url, { transports, auth: { token } });
      const pusher = Ear.open(t, "4.8", server.url, { transports: ["websocket"], auth: { token, topics: ["none"] } });
      await Promise.all([ear.nth("connected", 1), pusher.nth("connected", 1)]);

      const acked = [];
      for (let round = 1; round <= 3; round += 1) {
        const burst = pushUntilAnswered(pusher, `round ${round}`, 400, acked);
        await pusher.until(() => acked.length >= (round - 1) * 400 + 100, "some acks");
        const { code } = await server.stop();
        assert.equal(code, 0);
        await server.start();
        await burst;
      }
      const history = await new Api(server.url, token).history();
      assert.deepEqual(
        history.map(({ data }) => data.id).sort(),
        acked.sort(),
        "each once: what was acked, and nothing else",
      );
      await ear.untilUpdates(history.length);
      sameChanges(ear.updates(), history);
      offsetsAreCursors(ear.packets);
      closeTravelsAlone(line);
    });
  }
}

for (const version of Object.keys(CLIENTS)) {
  test(`socket.io-client ${version}: clients that are upgrading at that moment come back at once, not after the ping timeout`, async (t) => {
    const server = await Server.start(t);
    const token = await server.token("Ann");
    for (let round = 1; round <= 4; round += 1) {
      const ears = Array.from({ length: 12 }, () => Ear.open(t, version, server.url, { auth: { token } }));
      // The first to be greeted has just begun to upgrade, and the others are close behind.
      await Promise.race(ears.map((ear) => ear.nth("connected", 1)));
      await server.stop();
      await server.start();
      await Promise.all(ears.map((ear) => ear.until(() => ear.socket.connected && ear.sawGoodbye(), "its return")));
      for (const ear of ears) ear.socket.disconnect();
    }
  });
}

test("a poll's answer never carries close beside messages, for a session that had messages waiting", async (t) => {
  const server = await Server.start(t);
  const api = new Api(server.url, await server.token("Ann"));
  const base = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await request(base)).text.slice(1));
  await request(`${base}&sid=${sid}`, { method: "POST", body: "40" });
  const hello = await request(`${base}&sid=${sid}`);
  assert.match(hello.text, /^40\{.*connected/s);
  await api.addAll("notes", ["1", "2", "3"]);
  // Nobody polls when the server is told to go: what waits must not be lost behind a `close`.
  const stopping = server.stop();
  const answers = [];
  for (let tries = 0; tries < 5 && answers.at(-1) !== null; tries += 1) {
    answers.push(await request(`${base}&sid=${sid}`).catch(() => null));
  }
  await stopping;
  const packets = answers.filter((answer) => answer?.status === 200).map(({ text }) => text.split(SEPARATOR));
  for (const payload of packets) assert.ok(payload.length === 1 || !payload.includes("1"), payload.join(" | "));
  const messages = packets.flat().filter((packet) => packet.startsWith("42"));
  const events = messages.map((message) => JSON.parse(message.slice(2))).map(([name, { data }]) => data?.id ?? name);
  // It may be gone before it answers, and a poll that comes once it says goodbye is told just that: what waited comes with the
  // resume. Otherwise all that waited, in order, and goaway after it.
  const heard = events.at(-1) === "goaway" ? events.slice(0, -1) : events;
  if (heard.length > 0) assert.deepEqual(heard, ["1", "2", "3"]);
});

test("while it stops the server says so: not ready, and no new sockets", async (t) => {
  const server = await Server.start(t);
  const token = await server.token("Ann");
  const ear = Ear.open(t, "4.8", server.url, { transports: ["websocket"], auth: { token }, reconnection: false });
  await ear.nth("connected", 1);
  assert.equal((await request(`${server.url}/readyz`)).status, 200);
  await server.stop();
  await assert.rejects(request(`${server.url}/readyz`), /ECONNREFUSED/);
  await ear.nth("disconnect", 1);
});

/** Adds items, eight at a time and with keys, and asks again whatever got no ack or was told to come later. */
async function pushUntilAnswered(pusher, prefix, count, acked) {
  const ids = Array.from({ length: count }, (_, index) => `${prefix} ${index}`);
  const worker = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      while (!(await oneTry(pusher, id))) await pusher.until(() => pusher.socket.connected, "the pusher's line");
      acked.push(id);
      pusher.wake();
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** Whether the push was acked. A lost connection is no answer, and `unavailable` and `busy` mean "again". */
async function oneTry(pusher, id) {
  const answer = await pusher.pushUnlessCut({ type: "notes", action: "add", data: { id }, key: id });
  if (answer === null || ["busy", "unavailable"].includes(answer.code)) return false;
  assert.equal(answer.success, true, JSON.stringify(answer));
  return true;
}

/** Judges the payloads that the server sent over polling: the packet `1` is `close`. */
function closeTravelsAlone(line) {
  const sent = Buffer.concat(line.fromServer).toString("latin1");
  for (const payload of sent.split("\r\n\r\n").map((body) => body.split("HTTP/1.1 ")[0])) {
    const packets = payload.split(SEPARATOR);
    if (packets.length > 1) assert.equal(packets.includes("1"), false, payload.slice(-200));
  }
}
