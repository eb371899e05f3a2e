/** A token that ends while its socket is connected: `refused` says why, the transport ends, and coming back needs another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { offsetsAreCursors, sameChanges } from "../harness/deliveries.mjs";
import { Ear } from "../harness/ear.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { CLIENTS, RESUMING, TRANSPORTS } from "../harness/stock-clients.mjs";

const ENDS = {
  "its token expires": { ttl: "5s", end: async () => {}, code: "token_expired" },
  "its person is revoked": { ttl: "1h", end: (server) => server.revoke("Ann"), code: "token_revoked" },
};

for (const version of Object.keys(CLIENTS)) {
  for (const [how, { ttl, end, code }] of Object.entries(ENDS)) {
    for (const [way, transports] of Object.entries(TRANSPORTS)) {
      test(`socket.io-client ${version}, ${way}: refused, then the end, when ${how}`, async (t) => {
        const server = await Server.start(t);
        const token = await server.token("Ann", { ttl });
        const other = new Api(server.url, await server.token("Ben"));
        const ear = Ear.open(t, version, server.url, { transports, auth: { token } });
        await ear.nth("connected", 1);
        await end(server);
        const [told, ...more] = await ear.nth("refused", 1);
        assert.deepEqual([told.code, typeof told.message, more], [code, "string", []]);
        const [reason] = await ear.nth("disconnect", 1);
        assert.notEqual(reason, "io server disconnect");
        await other.addAll("notes", ["not for Ann"]);
        const [error] = await ear.nth("connect_error", 1);
        assert.equal(error.data.code, code, "the same token is refused at the door, which is final");
        assert.deepEqual(ear.updates(), []);
        assert.equal((await new Api(server.url, token).call("/api/sync/data")).status, 401);
        offsetsAreCursors(ear.packets);
      });
    }
  }
}

for (const version of RESUMING) {
  test(`socket.io-client ${version}: with a new token it goes on where it was`, async (t) => {
    const server = await Server.start(t);
    const ben = new Api(server.url, await server.token("Ben"));
    let token = await server.token("Ann");
    const ear = Ear.open(t, version, server.url, { auth: (send) => send({ token }) });
    await ear.nth("connected", 1);
    await ben.addAll("notes", ["1"]);
    await ear.untilUpdates(1);
    await server.revoke("Ann");
    await ear.nth("connect_error", 1);
    await ben.addAll("notes", ["2"]);
    token = await server.token("Ann");
    ear.socket.connect();
    const [hello] = await ear.nth("connected", 2);
    assert.equal(hello.resumed, true);
    await ben.addAll("notes", ["3"]);
    await ear.untilUpdates(3);
    sameChanges(ear.updates(), await ben.history());
  });
}

test("revoking one person leaves the others connected", async (t) => {
  const server = await Server.start(t);
  const ann = Ear.open(t, "4.8", server.url, { auth: { token: await server.token("Ann") } });
  const ben = Ear.open(t, "4.8", server.url, { auth: { token: await server.token("Ben") } });
  const nobody = Ear.open(t, "4.8", server.url);
  await Promise.all([ann, ben, nobody].map((ear) => ear.nth("connected", 1)));
  await server.revoke("Ann");
  await ann.nth("refused", 1);
  assert.equal((await ben.push({ type: "notes", action: "add", data: { id: "1" } })).success, true);
  await Promise.all([ben.untilUpdates(1), nobody.untilUpdates(1)]);
  assert.deepEqual([...ben.all("disconnect"), ...nobody.all("disconnect")], []);
});
