/** Who comes in, and where: spaces, anonymous sockets, tokens good and bad, the topics that a socket asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sameChanges } from "../harness/deliveries.mjs";
import { Ear } from "../harness/ear.mjs";
import { part, SECRET, signed } from "../harness/existing-app.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";
import { CLIENTS, TRANSPORTS } from "../harness/stock-clients.mjs";

const versions = Object.keys(CLIENTS);

for (const version of versions) {
  test(`socket.io-client ${version}: a declared space has data of its own, an undeclared one is refused`, async (t) => {
    const server = await Server.start(t, { config: "[spaces.support]\n" });
    const token = await server.token("Ann");
    const main = Ear.open(t, version, server.url, { auth: { token } });
    const support = Ear.open(t, version, `${server.url}/support`, { auth: { token } });
    const nowhere = Ear.open(t, version, `${server.url}/nowhere`, { auth: { token } });
    const second = Ear.open(t, version, `${server.url}/default`, { auth: { token } });

    assert.equal((await main.nth("connected", 1))[0].space, "default");
    assert.equal((await support.nth("connected", 1))[0].space, "support");
    for (const refused of [nowhere, second]) {
      const [error] = await refused.nth("connect_error", 1);
      assert.equal(error.message, "Invalid namespace");
      assert.equal(error.data.code, "unknown_space");
    }

    await support.push({ type: "notes", action: "add", data: { id: "s" } });
    const api = new Api(server.url, token);
    const here = await api.call("/api/sync/push?space=support", {
      method: "POST",
      json: { type: "notes", action: "add", data: { id: "h" } },
    });
    assert.equal(here.json.position, 2, "HTTP and the socket push into the same space");
    await main.push({ type: "notes", action: "add", data: { id: "m" } });
    await main.untilUpdates(1);
    await support.untilUpdates(2);
    assert.deepEqual(
      main.updates().map(({ data }) => data.id),
      ["m"],
    );
    assert.deepEqual(
      support.updates().map(({ data }) => data.id),
      ["s", "h"],
    );
    assert.equal((await api.call("/api/sync/data?space=nowhere")).status, 404);
  });

  test(`socket.io-client ${version}: two spaces share one connection`, async (t) => {
    const server = await Server.start(t, { config: "[spaces.support]\n" });
    const token = await server.token("Ann");
    const main = Ear.open(t, version, server.url, { auth: { token } });
    await main.nth("connected", 1);
    const support = new Ear(main.socket.io.socket("/support", { auth: { token } }));
    support.socket.connect();
    await support.nth("connected", 1);
    await Promise.all([
      main.push({ type: "notes", action: "add", data: { id: "m" } }),
      support.push({ type: "notes", action: "add", data: { id: "s" } }),
    ]);
    assert.equal((await main.untilUpdates(1))[0].data.id, "m");
    assert.equal((await support.untilUpdates(1))[0].data.id, "s");
    support.socket.disconnect();
    await main.push({ type: "notes", action: "add", data: { id: "m2" } });
    assert.equal((await main.untilUpdates(2))[1].data.id, "m2", "leaving one space leaves the other connected");
  });

  test(`socket.io-client ${version}: without a token it reads what is public and may not push`, async (t) => {
    const server = await Server.start(t, { config: '[topics.secret]\nread = "member"\n' });
    const ann = new Api(server.url, await server.token("Ann"));
    const ear = Ear.open(t, version, server.url);
    const [hello] = await ear.nth("connected", 1);
    assert.equal("user" in hello, false);
    await ann.addAll("secret", ["hidden"]);
    await ann.addAll("open", ["shown"]);
    await ear.untilUpdates(1);
    assert.deepEqual(
      ear.updates().map(({ data }) => data.id),
      ["shown"],
    );
    const answer = await ear.push({ type: "open", action: "add", data: { id: "mine" } });
    assert.deepEqual([answer.code, typeof answer.error], ["unauthorized", "string"]);
    const page = await ear.ask("pull", {});
    assert.deepEqual(
      page.changes.map(({ data }) => data.id),
      ["shown"],
    );
    const member = Ear.open(t, version, server.url, { auth: { token: ann.token } });
    await member.nth("connected", 1);
    await ann.addAll("secret", ["for members"]);
    assert.equal((await member.untilUpdates(1))[0].data.id, "for members");
    assert.deepEqual(ear.updates("secret"), []);
  });

  for (const [way, transports] of Object.entries(TRANSPORTS)) {
    test(`socket.io-client ${version}, ${way}: a token that is not good is a connect error`, async (t) => {
      const server = await Server.start(t, { config: "[spaces.support]\n" });
      const good = await server.token("Ann");
      const [head, claims, signature] = good.split(".");
      const now = Math.floor(Date.now() / 1000);
      const tokens = {
        garbage: "garbage",
        "another signature": `${head}.${claims}.${signature.slice(0, -4)}AAAA`,
        "alg none": `${part({ alg: "none", typ: "JWT" })}.${claims}.`,
        "another secret": signed({ sub: "1", exp: now + 60 }, "0123456789abcdef0123456789abcdef"),
        "another space": await server.token("Ann", { space: "support" }),
      };
      for (const [what, token] of Object.entries(tokens)) {
        const ear = Ear.open(t, version, server.url, { transports, auth: { token } });
        const [error] = await ear.nth("connect_error", 1);
        assert.equal(typeof error.data?.code, "string", what);
        assert.ok(error.message.length > 10, `${what}: the message says what to do: ${error.message}`);
        assert.deepEqual(ear.all("connected"), [], what);
        // A connect error is final: the client does not knock again by itself.
        assert.equal(ear.socket.connected, false);
      }
      const ear = Ear.open(t, version, server.url, { transports, auth: { token: good } });
      await ear.nth("connected", 1);
    });
  }

  test(`socket.io-client ${version}: auth.topics selects what arrives, by name and by beginning`, async (t) => {
    const server = await Server.start(t);
    const token = await server.token("Ann");
    const api = new Api(server.url, token);
    const some = Ear.open(t, version, server.url, { auth: { token, topics: ["news", "room/*"] } });
    const all = Ear.open(t, version, server.url, { auth: { token } });
    const wrong = Ear.open(t, version, server.url, { auth: { token, topics: ["*x"] } });
    await Promise.all([some.nth("connected", 1), all.nth("connected", 1)]);
    assert.equal((await wrong.nth("connect_error", 1))[0].data.code, "bad_auth");
    for (const topic of ["news", "newspaper", "room/1", "rooms", "room/2/3"]) await api.addAll(topic, ["1"]);
    await api.addAll("news", ["2"]);
    await all.untilUpdates(6);
    await some.untilUpdates(4);
    assert.deepEqual(
      some.updates().map(({ type }) => type),
      ["news", "room/1", "room/2/3", "news"],
    );
    sameChanges(all.updates(), await api.history());
  });
}

test("a token of an existing app lets its user in, by userId and role", async (t) => {
  const server = await Server.start(t, { env: { TIDINGS_JWT_SECRET: SECRET } });
  const now = Math.floor(Date.now() / 1000);
  const admin = signed({ userId: "42", name: "Ann", role: "admin", iat: now, exp: now + 600 });
  const member = signed({ id: 43, role: "editor", iat: now, exp: now + 600 });
  const ear = Ear.open(t, "4.8", server.url, { auth: { token: admin } });
  assert.deepEqual((await ear.nth("connected", 1))[0].user, { id: "42", name: "Ann" });
  const other = Ear.open(t, "4.8", server.url, { auth: { token: member } });
  assert.equal((await other.nth("connected", 1))[0].user.id, "43");
  await other.push({ type: "list", action: "add", data: { id: "a" } });
  assert.equal((await other.push({ type: "list", action: "clear" })).code, "forbidden", "clear needs an admin");
  assert.equal((await ear.push({ type: "list", action: "clear" })).success, true);
  assert.equal((await other.untilUpdates(2))[1].data, null);
});
