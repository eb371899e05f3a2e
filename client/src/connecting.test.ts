/** The line: opening, losing, coming back, giving up; what listeners and the console are told. */
import { expect, test } from "vitest";
import { settle } from "../test/fake-clock.ts";
import { World } from "../test/page.ts";

test("connects without a token, anonymously", async () => {
  const world = new World();
  const page = await world.open();
  expect(page.service.isConnected()).toBe(true);
  expect(page.service.connection()).toEqual({ phase: "connected", resumed: true, user: null, clients: 1 });
  expect("token" in page.socket.auth).toBe(false);
  expect(page.connections).toEqual([true]);
});

test("takes its token from localStorage.authToken, for the socket and for the snapshot", async () => {
  const world = new World();
  world.logIn("ada");
  const page = await world.open();
  expect(page.socket.auth["token"]).toBe("ada");
  expect(world.server.dataTokens).toEqual(["Bearer ada"]);
  expect(page.service.connection()).toMatchObject({ user: { id: "ada", name: "ada" } });
});

test("takes a token given as text or function instead", async () => {
  const world = new World();
  world.logIn("stored");
  expect((await world.open({ token: "given" })).socket.auth["token"]).toBe("given");
  expect((await world.open({ token: () => "asked" })).socket.auth["token"]).toBe("asked");
  expect("token" in (await world.open({ token: null })).socket.auth).toBe(false);
});

test("does nothing before connect() and nothing after disconnect()", async () => {
  const world = new World();
  const page = world.page();
  await world.clock.advance(60_000);
  expect(world.server.sockets.size + world.server.dataTokens.length).toBe(0);
  page.service.connect();
  await settle();
  page.service.disconnect();
  expect(page.service.connection()).toEqual({ phase: "idle" });
  await world.clock.advance(60_000);
  expect(world.server.live).toEqual([]);
  expect(page.connections).toEqual([true, false]);
});

test.each([0, 1])("disconnect() while still on the way opens nothing (after %d answers)", async (answers) => {
  const world = new World();
  const arrivals: (() => void)[] = [];
  const page = world.page({
    fetch: async (url, init) => {
      await new Promise<void>((resolve) => arrivals.push(resolve));
      return world.server.fetch(url, init);
    },
  });
  page.service.connect();
  if (answers > 0) await settle();
  page.service.disconnect();
  for (const arrive of arrivals) arrive();
  await world.clock.advance(60_000);
  expect(arrivals).toHaveLength(answers);
  expect(world.server.sockets.size).toBe(0);
  expect(page.service.connection()).toEqual({ phase: "idle" });
});

test("calling connect() again changes nothing", async () => {
  const world = new World();
  const page = await world.open();
  page.service.connect();
  page.service.connect();
  await settle();
  expect(world.server.live).toHaveLength(1);
  expect(page.connections).toEqual([true]);
});

test("connects again after disconnect() and misses nothing of the time between", async () => {
  const world = new World();
  const page = await world.open();
  page.service.disconnect();
  world.server.write("chatMessages", "add", { id: 1 });
  page.service.connect();
  await settle();
  expect(page.ids()).toEqual([1]);
  expect(page.heardIds()).toEqual([1]);
});

test("comes back after every loss with everything, once and in order, and says each change once with its reason", async () => {
  const world = new World();
  const page = await world.open();
  for (let round = 0; round < 3; round += 1) {
    world.server.write("chatMessages", "add", { id: `live-${round}` });
    page.socket.cut();
    world.server.isUp = false;
    world.server.write("chatMessages", "add", { id: `missed-${round}` });
    world.server.comeBack();
    await settle();
  }
  expect(page.heardIds()).toEqual(["live-0", "missed-0", "live-1", "missed-1", "live-2", "missed-2"]);
  expect(page.connections).toEqual([true, false, true, false, true, false, true]);
  expect(page.lines.slice(0, 4)).toEqual([
    "[tidings] connecting: without a token",
    "[tidings] connected: anonymously, resumed",
    "[tidings] disconnected: transport close; trying again",
    "[tidings] connected: anonymously, resumed",
  ]);
  expect(page.lines).toHaveLength(8);
});

test("a server that is away is no more than one line, however often it is tried", async () => {
  const world = new World();
  world.server.isUp = false;
  const page = await world.open();
  for (let round = 0; round < 5; round += 1) {
    for (const socket of world.server.sockets) socket.tryOpen();
    await settle();
  }
  expect(page.service.connection()).toEqual({ phase: "offline", reason: "xhr poll error" });
  expect(page.lines).toHaveLength(2);
  world.server.write("chatMessages", "add", { id: 1 });
  world.server.comeBack();
  await settle();
  expect(page.ids()).toEqual([1]);
  expect(page.service.isComplete()).toBe(true);
});

test("a session that the server ends is opened again after a pause", async () => {
  const world = new World();
  const page = await world.open();
  page.socket.dismiss();
  expect(page.service.connection()).toEqual({ phase: "offline", reason: "io server disconnect" });
  await world.clock.advance(1_000);
  expect(page.service.isConnected()).toBe(true);
});

test("a drain is waited for as long as the server asks", async () => {
  const world = new World();
  const page = await world.open();
  page.socket.event("goaway", { retry_after_ms: 3_000 });
  expect(page.socket.restMs).toBe(3_000);
});

test("waking up tries at once", async () => {
  const world = new World();
  const page = await world.open();
  page.socket.dismiss();
  page.tab.wake();
  await settle();
  expect(page.service.isConnected()).toBe(true);
});

test("a refused token is said, nothing is pushed, and a new token brings everything back", async () => {
  const world = new World();
  world.logIn("old");
  world.server.refusedTokens.set("old", { message: "token revoked", code: "token_revoked" });
  const page = await world.open();
  expect(page.service.connection()).toEqual({ phase: "refused", code: "token_revoked", message: "token revoked" });
  void page.say("waiting");
  await world.clock.advance(600_000);
  expect(world.server.arrivals).toEqual([]);
  expect(page.lines).toEqual(["[tidings] connecting: with a token", "[tidings] refused: token revoked"]);
  world.logIn("new");
  await world.clock.advance(2_000);
  expect(page.service.isConnected()).toBe(true);
});

test("`refused` ends a living connection with its reason and stops the pushes", async () => {
  const world = new World();
  world.logIn("ada");
  const page = await world.open();
  page.socket.event("refused", { code: "token_expired", message: "your token has expired" });
  expect(page.service.connection()).toEqual({
    phase: "refused",
    code: "token_expired",
    message: "your token has expired",
  });
  expect(page.connections).toEqual([true, false]);
  void page.say("waiting");
  await world.clock.advance(600_000);
  expect(world.server.arrivals).toEqual([]);
});

test("a refusal that passes (the server is busy) is tried again by itself", async () => {
  const world = new World();
  world.logIn("ada");
  world.server.refusedTokens.set("ada", { message: "too busy", code: "busy" });
  const page = await world.open();
  expect(page.service.connection()).toEqual({ phase: "offline", reason: "too busy" });
  world.server.refusedTokens.clear();
  await world.clock.advance(1_000);
  expect(page.service.isConnected()).toBe(true);
});

test("an anonymous refusal (an undeclared space) is asked about again, slowly and silently", async () => {
  const world = new World();
  world.server.refusedTokens.set("undefined", { message: "Invalid namespace", code: null });
  const page = await world.open({ space: "later" });
  await world.clock.advance(120_000);
  expect(page.lines).toHaveLength(2);
  world.server.refusedTokens.clear();
  await world.clock.advance(60_000);
  expect(page.service.isConnected()).toBe(true);
});

test("connect() tries a refused token once more", async () => {
  const world = new World();
  world.logIn("ada");
  world.server.refusedTokens.set("ada", { message: "revoked", code: "revoked" });
  const page = await world.open();
  world.server.refusedTokens.clear();
  page.service.connect();
  await settle();
  expect(page.service.isConnected()).toBe(true);
});

test("a gap is told by `resumed: false` alone, and a snapshot fills it", async () => {
  const world = new World();
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: 1 });
  world.server.goDown();
  world.server.write("chatMessages", "add", { id: 2 });
  world.server.trimmedBefore = 2;
  world.server.tellsReset = false;
  world.server.write("chatMessages", "add", { id: 3 });
  world.server.comeBack();
  await settle();
  expect(page.service.connection()).toMatchObject({ phase: "connected", resumed: false });
  expect(page.ids()).toEqual([1, 2, 3]);
  expect(page.heardIds()).toEqual([1, 2, 3]);
  expect(page.service.isComplete()).toBe(true);
});

test("a reset in mid-life is followed by a snapshot, and a reload then resumes from its cursor", async () => {
  const world = new World();
  const page = await world.open();
  page.socket.isHeld = true;
  for (const id of [1, 2, 3]) world.server.write("chatMessages", "add", { id });
  page.socket.reset("too_far");
  page.socket.isHeld = false;
  expect(page.service.isComplete()).toBe(false);
  await settle();
  expect(page.heardIds()).toEqual([1, 2, 3]);
  world.server.write("chatMessages", "add", { id: 4 });
  const again = await page.reload();
  expect(again.socket.auth["cursor"]).toBe("a4");
  expect(again.ids()).toEqual([1, 2, 3, 4]);
});

test("a server that came back from another backup is followed from a new snapshot", async () => {
  const world = new World();
  const page = await world.open();
  for (const id of [1, 2, 3]) world.server.write("chatMessages", "add", { id });
  world.server.goDown();
  world.server.era = "b";
  world.server.journal.pop();
  world.server.comeBack();
  await settle();
  expect(page.ids()).toEqual([1, 2]);
  expect(page.heard.at(-1)).toMatchObject({ action: "delete", data: { id: 3 }, seq: 0 });
  world.server.write("chatMessages", "add", { id: "again 3" });
  expect(page.ids()).toEqual([1, 2, "again 3"]);
});

test("a snapshot that fails is tried again until it comes; what is live meanwhile is not lost", async () => {
  const world = new World();
  world.server.write("chatMessages", "add", { id: 1 });
  world.server.dataStatus = 503;
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: 2 });
  expect(page.ids()).toEqual([2]);
  expect(page.service.isComplete()).toBe(false);
  world.server.dataStatus = 200;
  await world.clock.advance(60_000);
  expect(page.ids()).toEqual([1, 2]);
  expect(page.service.isComplete()).toBe(true);
});

test("a mark moves the cursor that a reload resumes from", async () => {
  const world = new World();
  const page = await world.open();
  page.socket.isHeld = true;
  for (let id = 0; id < 3; id += 1) world.server.write("secret", "add", { id });
  page.socket.mark();
  expect((await page.reload()).socket.auth["cursor"]).toBe("a3");
});

test("follows only the topics and the space it was told to", async () => {
  const world = new World();
  const page = await world.open({ topics: ["room/*"], space: "team" });
  expect(page.socket.auth["topics"]).toEqual(["room/*"]);
  expect(page.socket.target).toMatchObject({ namespace: "/team", path: "/socket.io", origin: "http://localhost:3001" });
});

test("presence is asked for once somebody listens, again after a loss, and gone while offline", async () => {
  const world = new World();
  const page = await world.open();
  const heard: unknown[] = [];
  page.service.addListener("presence", (presence) => heard.push(presence));
  expect(page.socket.sent).toEqual([["signal", { kind: "watch-presence" }]]);
  page.socket.signal({ kind: "presence", clients: 2, online: [{ id: "a", name: "Ada" }] });
  expect(page.service.presence()).toEqual({ clients: 2, online: [{ id: "a", name: "Ada" }] });
  page.socket.cut();
  expect(page.service.presence()).toBe(null);
  expect(heard).toEqual([{ clients: 2, online: [{ id: "a", name: "Ada" }] }, null]);
  world.server.comeBack();
  await settle();
  expect(page.socket.sent).toHaveLength(2);
});

test("a signal of an unknown kind is ignored", async () => {
  const world = new World();
  const page = await world.open();
  page.service.addListener("presence", () => {});
  page.socket.signal({ kind: "from the future", online: 3 });
  page.socket.signal(null);
  expect(page.service.presence()).toBe(null);
});
