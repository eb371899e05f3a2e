/** What a socket is told although no entry is for it: marks, so that a later resume is short, and who is here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { offsetsAreCursors } from "../harness/deliveries.mjs";
import { Ear } from "../harness/ear.mjs";
import { SECRET, signed } from "../harness/existing-app.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { RESUMING, TRANSPORTS } from "../harness/stock-clients.mjs";

const MARK_ENTRIES = 10_000;

for (const [version, way] of [
  [RESUMING[0], "websocket only"],
  [RESUMING[1], "polling only"],
]) {
  test(`socket.io-client ${version}, ${way}: after 10 000 entries of others an idle socket gets a mark, and resumes from it`, async (t) => {
    const server = await Server.start(t);
    const token = await server.token("Ann");
    const options = { transports: TRANSPORTS[way], auth: { token, topics: ["quiet"] } };
    const ear = Ear.open(t, version, server.url, options);
    const [, start] = await ear.nth("connected", 1);
    const pusher = Ear.open(t, "4.8", server.url, { transports: ["websocket"], auth: { token, topics: ["none"] } });
    await pusher.addAll(
      "busy",
      Array.from({ length: MARK_ENTRIES + 500 }, (_, index) => `${index}`),
      1_000,
    );
    const [mark, ...more] = await ear.nth("mark", 1);
    assert.match(mark, /^[A-Za-z0-9_-]{1,64}$/);
    assert.notEqual(mark, start);
    assert.deepEqual(more, []);
    assert.deepEqual(ear.updates(), []);
    assert.deepEqual((await ear.ask("pull", { since: mark, topics: ["quiet"] })).changes, []);

    ear.cut();
    const [hello, from] = await ear.nth("connected", 2);
    assert.deepEqual([hello.resumed, from, ear.connectsSent[1].offset], [true, mark, mark]);
    await new Api(server.url, token).addAll("quiet", ["for it"]);
    assert.equal((await ear.untilUpdates(1))[0].data.id, "for it");
    assert.deepEqual(ear.all("reset"), []);
    offsetsAreCursors(ear.packets);
  });
}

test("presence: who asks is told at once, and after changes at most once a second", async (t) => {
  const server = await Server.start(t);
  const watcher = Ear.open(t, "4.8", server.url, { auth: { token: await server.token("Ann") } });
  const deaf = Ear.open(t, "4.8", server.url);
  await Promise.all([watcher.nth("connected", 1), deaf.nth("connected", 1)]);
  watcher.socket.emit("signal", { kind: "watch-presence" });
  const [first] = await watcher.nth("signal", 1);
  assert.equal(first.kind, "presence");
  assert.equal(first.clients, 2);
  assert.deepEqual(
    first.online.map(({ name }) => name),
    ["Ann"],
  );
  assert.deepEqual(Object.keys(first.online[0]).sort(), ["id", "name"]);

  // People come and go all the while; each comes twice, and is one person.
  const names = ["Ben", "Cid", "Dan", "Eve", "Fay"];
  const tokens = await Promise.all(names.map((name) => server.token(name)));
  let isOver = false;
  const crowd = (async () => {
    for (let turn = 0; !isOver; turn += 1) {
      const token = tokens[turn % tokens.length];
      const two = [1, 2].map(() => Ear.open(t, "4.8", server.url, { transports: ["websocket"], auth: { token } }));
      await Promise.all(two.map((ear) => ear.nth("connected", 1)));
      for (const ear of two) ear.socket.disconnect();
    }
  })();
  await watcher.nth("signal", 5);
  isOver = true;
  await crowd;
  const times = watcher.heard.filter(({ name }) => name === "signal").map(({ at }) => at);
  // Three of them, as one that comes late on a busy machine is closer to the next. The first came at once.
  for (let index = 3; index < times.length; index += 1) {
    const apart = times[index] - times[index - 2];
    assert.ok(apart > 1_400, `three signals within ${Math.round(apart)} ms`);
  }
  await watcher.until(() => watcher.all("signal").at(-1)[0].clients === 2, "everybody to be gone again");
  assert.deepEqual(
    watcher
      .all("signal")
      .at(-1)[0]
      .online.map(({ name }) => name),
    ["Ann"],
  );
  assert.deepEqual(deaf.all("signal"), [], "who did not ask is not told");
  offsetsAreCursors(watcher.packets);
});

test("presence: sixty-four names at most, and the true number of sockets", async (t) => {
  const server = await Server.start(t, { env: { TIDINGS_JWT_SECRET: SECRET } });
  const names = Array.from({ length: 66 }, (_, index) => `Person ${String(index).padStart(2, "0")}`);
  const tokens = names.map((name, index) => signed({ userId: index, name, exp: Date.now() / 1000 + 600 }));
  const ears = tokens.map((token) =>
    Ear.open(t, "4.8", server.url, { transports: ["websocket"], auth: { token, topics: ["none"] } }),
  );
  await Promise.all(ears.map((ear) => ear.nth("connected", 1)));
  ears[0].socket.emit("signal", { kind: "watch-presence" });
  const all = await ears[0].until(() => ears[0].all("signal").find(([{ clients }]) => clients === 66), "all of them");
  assert.equal(all[0].online.length, 64);
  assert.equal(all[0].online[0].name, "Person 00");
});
