/** pushUpdate() and the outbox: stored before sent, once, in order, across everything. */
import { expect, test } from "vitest";
import { settle } from "../test/fake-clock.ts";
import { type Page, World } from "../test/page.ts";
import { OUTBOX_FAILED_MAX, OUTBOX_WAITING_MAX } from "./limits.ts";
import { OUTBOX_PREFIX } from "./outbox.ts";

async function openAs(name: string): Promise<{ world: World; page: Page }> {
  const world = new World();
  world.logIn(name);
  return { world, page: await world.open() };
}

const states = (page: Page) => page.service.pending().map(({ state }) => state);
const stored = (world: World) => [...world.storage.values.keys()].filter((key) => key.startsWith(OUTBOX_PREFIX));
const pushedIds = (world: World) => world.server.journal.map(({ data }) => (data as { id: unknown }).id);

/** A JWT nobody signed; the client only reads it. */
function tokenOf(claims: object): string {
  return `e30.${btoa(JSON.stringify(claims))}.x`;
}

test("a push resolves with the receipt", async () => {
  const { page } = await openAs("ada");
  const receipt = await page.say("a");
  expect(receipt).toEqual({ success: true, position: 1, seq: 1, cursor: "a1", duplicate: false });
  await settle();
  expect(page.ids()).toEqual(["a"]);
  expect(page.service.pending()).toEqual([]);
});

test("a push is in storage before it is sent, and gone after its receipt", async () => {
  const { world, page } = await openAs("ada");
  const pushed = page.say("a");
  expect(stored(world)).toHaveLength(1);
  expect(world.server.arrivals).toEqual([]);
  await pushed;
  expect(stored(world)).toEqual([]);
});

test("each push has a key of its own", async () => {
  const { world, page } = await openAs("ada");
  await Promise.all([page.say("a"), page.say("b")]);
  expect(new Set(world.server.arrivals.map(({ key }) => key)).size).toBe(2);
});

test("without a token a push is refused at once and leaves nothing behind", async () => {
  const world = new World();
  const page = await world.open();
  await expect(page.say("a")).rejects.toMatchObject({ code: "unauthorized", name: "TidingsError" });
  expect(stored(world)).toEqual([]);
});

test.each([
  ["no topic", { type: "", action: "add" as const, data: { id: 1 } }],
  ["no action", { type: "chatMessages", action: "shout" as never, data: { id: 1 } }],
  ["data that is no JSON", { type: "chatMessages", action: "add" as const, data: { id: 1n } }],
])("a push with %s is refused at once", async (_what, request) => {
  const { world, page } = await openAs("ada");
  await expect(page.service.pushUpdate(request)).rejects.toMatchObject({ code: "bad_request" });
  expect(stored(world)).toEqual([]);
});

test("pushes made while offline wait, and go out once and in order when the server returns", async () => {
  const { world, page } = await openAs("ada");
  world.server.goDown();
  const pushes = ["a", "b", "c"].map((id) => page.say(id));
  await world.clock.advance(60_000);
  expect(states(page)).toEqual(["waiting", "waiting", "waiting"]);
  world.server.comeBack();
  const receipts = await Promise.all(pushes);
  expect(receipts.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(pushedIds(world)).toEqual(["a", "b", "c"]);
  expect(world.server.arrivals).toHaveLength(3);
});

test("unsent entries survive a reload, go out in order, and mix rightly with new ones", async () => {
  const { world, page } = await openAs("ada");
  world.server.goDown();
  for (const id of ["a", "b"]) void page.say(id);
  const again = await page.reload();
  expect(again.service.pending().map(({ data }) => data)).toEqual([
    { id: "a", content: "hello" },
    { id: "b", content: "hello" },
  ]);
  void again.say("c");
  world.server.comeBack();
  await world.clock.advance(1_000);
  expect(pushedIds(world)).toEqual(["a", "b", "c"]);
  expect(again.service.pending()).toEqual([]);
});

test("a lost receipt makes a second send with the same key, and one item", async () => {
  const { world, page } = await openAs("ada");
  world.server.verdicts.push("lose-ack");
  const pushed = page.say("a");
  await world.clock.advance(5_000);
  expect(await pushed).toMatchObject({ duplicate: true, position: 1 });
  expect(world.server.arrivals.map(({ key }) => key)).toEqual(["key-0001", "key-0001"]);
  expect(pushedIds(world)).toEqual(["a"]);
  expect(page.ids()).toEqual(["a"]);
});

test("a line that breaks between send and receipt makes one item", async () => {
  const { world, page } = await openAs("ada");
  const original = world.server.receive.bind(world.server);
  world.server.receive = (payload, token) => {
    world.server.receive = original;
    const receipt = original(payload, token);
    page.socket.cut();
    return receipt;
  };
  const pushed = page.say("a");
  await settle();
  expect(states(page)).toEqual(["waiting"]);
  world.server.comeBack();
  expect(await pushed).toMatchObject({ duplicate: true });
  expect(page.ids()).toEqual(["a"]);
});

test("a crash after the send, before the receipt was stored, makes one item", async () => {
  const { world, page } = await openAs("ada");
  world.server.verdicts.push("lose-ack");
  void page.say("a");
  await settle();
  const again = await page.reload();
  await world.clock.advance(5_000);
  expect(world.server.arrivals).toHaveLength(2);
  expect(again.ids()).toEqual(["a"]);
  expect(again.service.pending()).toEqual([]);
});

test.each(["busy", "unavailable", "429", "503"])(
  "'%s' is tried again, later and later, and holds the order",
  async (code) => {
    const { world, page } = await openAs("ada");
    for (let round = 0; round < 3; round += 1) world.server.verdicts.push({ error: "later", code });
    const first = page.say("a");
    const second = page.say("b");
    await settle();
    expect(world.server.arrivals).toHaveLength(1);
    await world.clock.advance(400);
    expect(world.server.arrivals).toHaveLength(2);
    await world.clock.advance(400);
    expect(world.server.arrivals).toHaveLength(2);
    await world.clock.advance(10_000);
    expect((await first).seq).toBe(1);
    expect((await second).seq).toBe(2);
  },
);

test("a server that says when to come back is not asked before", async () => {
  const { world, page } = await openAs("ada");
  world.server.verdicts.push({ error: "later", code: "busy", retry_after_ms: 9_000 } as never);
  void page.say("a");
  await world.clock.advance(8_999);
  expect(world.server.arrivals).toHaveLength(1);
  await world.clock.advance(1);
  expect(world.server.arrivals).toHaveLength(2);
});

test.each(["400", "401", "403", "409", "413", "bad_data", "unauthorized", "forbidden", "key_conflict", "too_large"])(
  "'%s' is final: the push rejects with the sentence and the page may retry or discard it",
  async (code) => {
    const { world, page } = await openAs("ada");
    const failures: unknown[] = [];
    page.service.addListener("failed", (event) => failures.push(event));
    world.server.verdicts.push({ error: "no, never", code });
    const refused = page.say("a");
    const next = page.say("b");
    await expect(refused).rejects.toMatchObject({ code, error: "no, never", message: "no, never" });
    expect(await next).toMatchObject({ seq: 1 });
    const [failed] = page.service.pending();
    expect(failed).toMatchObject({ state: "failed", code, error: "no, never", data: { id: "a" } });
    expect(failures).toMatchObject([{ code, error: "no, never", entry: { key: failed?.key } }]);
  },
);

test("a failed entry survives a reload, goes out on retry() with its old key, and is forgotten on discard()", async () => {
  const { world, page } = await openAs("ada");
  world.server.verdicts.push({ error: "no", code: "forbidden" }, { error: "no", code: "forbidden" });
  void page.say("a");
  void page.say("b");
  await settle();
  const again = await page.reload();
  expect(states(again)).toEqual(["failed", "failed"]);
  again.service.discard("key-0002");
  again.service.retry("key-0001");
  await settle();
  expect(pushedIds(world)).toEqual(["a"]);
  expect(world.server.arrivals.at(-1)?.key).toBe("key-0001");
  expect(again.service.pending()).toEqual([]);
  expect(stored(world)).toEqual([]);
});

test("an unsent entry can be discarded, and its promise says so", async () => {
  const { world, page } = await openAs("ada");
  world.server.goDown();
  const pushed = page.say("a");
  page.service.discard("key-0001");
  await expect(pushed).rejects.toMatchObject({ code: "discarded" });
  world.server.comeBack();
  await settle();
  expect(pushedIds(world)).toEqual([]);
});

test("`pending` tells every step, and an entry stays until its update has come round", async () => {
  const { world, page } = await openAs("ada");
  const seen: string[] = [];
  page.service.addListener("pending", (entries) => seen.push(entries.map(({ state }) => state).join()));
  page.socket.isHeld = true;
  await page.say("a");
  expect(states(page)).toEqual(["sent"]);
  page.socket.isHeld = false;
  page.socket.deliver();
  expect(seen).toEqual(["waiting", "sending", "sent", ""]);
  expect(page.service.pending()).toBe(page.service.pending());
  expect(page.ids()).toEqual(["a"]);
  expect(world.server.arrivals).toHaveLength(1);
});

test("whoever may write but not read sees the entry go after a moment", async () => {
  const { world, page } = await openAs("ada");
  page.socket.isHeld = true;
  await page.say("a");
  await world.clock.advance(10_000);
  expect(page.service.pending()).toEqual([]);
});

test("a delete of what is not there is acknowledged and over", async () => {
  const { world, page } = await openAs("ada");
  const receipt = { success: true, position: 0, seq: 0, cursor: "a0", duplicate: false, changed: false };
  world.server.receive = () => receipt;
  expect(await page.service.pushUpdate({ type: "chatMessages", action: "delete", data: { id: "x" } })).toEqual(receipt);
  expect(page.service.pending()).toEqual([]);
});

test("what the page does to its object after the push does not change what is sent", async () => {
  const { world, page } = await openAs("ada");
  const data = { id: "a", content: "before" };
  const pushed = page.service.pushUpdate({ type: "chatMessages", action: "add", data });
  data.content = "after";
  await pushed;
  expect(world.server.journal[0]?.data).toEqual({ id: "a", content: "before" });
});

test("one person's unsent entries never go out as another's; they wait for their person", async () => {
  const world = new World();
  world.logIn(tokenOf({ sub: "ada" }));
  const page = await world.open();
  world.server.goDown();
  void page.say("from ada");
  world.logIn(tokenOf({ userId: "bob" }));
  const bob = await page.reload();
  world.server.comeBack();
  await world.clock.advance(60_000);
  expect(bob.service.pending()).toEqual([]);
  expect(world.server.arrivals).toEqual([]);
  world.logIn(tokenOf({ sub: "ada", iat: 2 }));
  await world.clock.advance(60_000);
  expect(pushedIds(world)).toEqual(["from ada"]);
  expect(world.server.journal[0]?.author).toBe(tokenOf({ sub: "ada", iat: 2 }));
});

test("a page that empties the storage does not lose what it has just pushed", async () => {
  const { world, page } = await openAs("ada");
  world.server.goDown();
  const pushed = page.say("a");
  const token = world.storage.values.get("authToken") ?? "";
  world.storage.values.clear();
  world.logIn(token);
  world.server.comeBack();
  await world.clock.advance(5_000);
  expect(await pushed).toMatchObject({ success: true });
});

test("an entry that does not fit into storage is sent all the same and says that it is not stored", async () => {
  const { world, page } = await openAs("ada");
  world.server.goDown();
  world.storage.quota = 0;
  const pushed = page.say("a");
  expect(page.service.pending()).toMatchObject([{ stored: false, state: "waiting" }]);
  world.server.comeBack();
  expect(await pushed).toMatchObject({ success: true });
});

test("the outbox has an end, and says so", async () => {
  const { world, page } = await openAs("ada");
  world.server.goDown();
  for (let id = 0; id < OUTBOX_WAITING_MAX; id += 1) void page.say(id);
  await expect(page.say("one too many")).rejects.toMatchObject({ code: "outbox_full" });
  expect(stored(world)).toHaveLength(OUTBOX_WAITING_MAX);
});

test("of too many failed entries the oldest go", async () => {
  const { world, page } = await openAs("ada");
  for (let id = 0; id < OUTBOX_FAILED_MAX + 5; id += 1) {
    world.server.verdicts.push({ error: "no", code: "forbidden" });
    void page.say(id);
  }
  await settle();
  const kept = page.service.pending().map(({ data }) => (data as { id: number }).id);
  expect(kept).toHaveLength(OUTBOX_FAILED_MAX);
  expect(kept[0]).toBe(5);
});

test("pushes of one millisecond keep their order, whatever their keys", async () => {
  const world = new World();
  world.logIn("ada");
  const keys = Array.from({ length: 50 }, (_, index) => `key-${String(50 - index).padStart(2, "0")}`);
  const page = await world.open({ newKey: () => keys.shift() ?? "" });
  world.server.goDown();
  for (let id = 0; id < 50; id += 1) void page.say(id);
  world.server.comeBack();
  await settle();
  expect(pushedIds(world)).toEqual(Array.from({ length: 50 }, (_, id) => id));
});

test("a clock that goes back between two visits does not turn the order round", async () => {
  const { world, page } = await openAs("ada");
  world.server.goDown();
  void page.say("first");
  world.clock.spend(-3_600_000);
  const again = await page.reload();
  void again.say("second");
  world.server.comeBack();
  await settle();
  expect(pushedIds(world)).toEqual(["first", "second"]);
});

test("a storage that has become read-only makes no second send", async () => {
  const { world, page } = await openAs("ada");
  const pushed = page.say("a");
  page.tab.setItem = () => {};
  page.tab.removeItem = () => {};
  await pushed;
  await world.clock.advance(60_000);
  expect(world.server.arrivals).toHaveLength(1);
  expect(page.service.pending()).toEqual([]);
});

test("after a success the first pause is short again", async () => {
  const { world, page } = await openAs("ada");
  const busy = { error: "later", code: "busy" };
  world.server.verdicts.push(busy, busy, busy);
  const first = page.say("a");
  await world.clock.advance(10_000);
  await first;
  world.server.verdicts.push(busy);
  void page.say("b");
  await world.clock.advance(400);
  expect(pushedIds(world)).toEqual(["a", "b"]);
});
