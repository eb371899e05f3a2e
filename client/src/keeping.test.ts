/** What storage may do to us: be full, hold foreign values, lose a page between two writes, carry odd names. */
import { expect, test } from "vitest";
import { settle } from "../test/fake-clock.ts";
import { World } from "../test/page.ts";
import { OUTBOX_PREFIX } from "./outbox.ts";
import { META_KEY } from "./stored-meta.ts";

const text = (length: number) => "x".repeat(length);
const warnings = (lines: readonly string[]) => lines.filter((line) => line.includes("storage is full"));

test("a full storage gives up the oldest items of the largest list, goes on, and says so once", async () => {
  const world = new World();
  world.storage.quota = 10_000;
  const page = await world.open();
  world.server.write("small", "add", { id: "kept" });
  for (let id = 0; id < 50; id += 1) world.server.write("chatMessages", "add", { id, content: text(500) });
  const kept = world.ids() as number[];
  expect(kept.length).toBeGreaterThan(5);
  expect(kept.at(-1)).toBe(49);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 50 - kept.length + index));
  expect(world.ids("small")).toEqual(["kept"]);
  expect(page.ids()).toHaveLength(50);
  expect(warnings(page.lines)).toHaveLength(1);
});

test("what was given up is not claimed: a reload shows the rest and fetches everything", async () => {
  const world = new World();
  world.storage.quota = 10_000;
  const page = await world.open();
  for (let id = 0; id < 50; id += 1) world.server.write("chatMessages", "add", { id, content: text(500) });
  page.close();
  const again = world.page();
  expect(again.ids().length).toBeLessThan(50);
  expect(again.service.isComplete()).toBe(false);
  again.service.connect();
  await settle();
  expect(again.ids()).toHaveLength(50);
  expect(again.service.isComplete()).toBe(true);
});

test("an item larger than the whole storage stays in memory, and the page goes on", async () => {
  const world = new World();
  world.storage.quota = 2_000;
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: "huge", content: text(5_000) });
  world.server.write("other", "add", { id: 1 });
  expect(page.ids()).toEqual(["huge"]);
  expect(page.ids("other")).toEqual([1]);
  const again = await page.reload();
  expect(again.ids()).toEqual(["huge"]);
});

test("a storage that takes nothing at all changes nothing but the next reload", async () => {
  const world = new World();
  world.storage.quota = 0;
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: 1 });
  world.server.write("siteContent", "update", { title: "x" });
  expect(page.ids()).toEqual([1]);
  expect(world.storage.values.size).toBe(0);
  expect(warnings(page.lines)).toHaveLength(1);
});

test("a clear makes room, and then the list is whole again", async () => {
  const world = new World();
  world.storage.quota = 10_000;
  const page = await world.open();
  for (let id = 0; id < 50; id += 1) world.server.write("chatMessages", "add", { id, content: text(500) });
  world.server.write("chatMessages", "clear", null);
  world.server.write("chatMessages", "add", { id: "first" });
  const fetched = world.server.dataTokens.length;
  expect((await page.reload()).ids()).toEqual(["first"]);
  expect(world.server.dataTokens).toHaveLength(fetched);
});

/** Lives through a bit of everything, as far as the writes to storage reach; returns the writes that were left. */
async function liveAndDie(writes: number): Promise<number> {
  const world = new World();
  world.logIn("ada");
  world.server.write("siteContent", "update", { version: 1 });
  const page = world.page();
  page.tab.writesLeft = writes;
  page.service.connect();
  await settle();
  for (const id of ["a", "b"]) world.server.write("chatMessages", "add", { id });
  void page.say("mine");
  await settle();
  world.server.write("chatMessages", "update", { id: "a", edited: true });
  world.server.write("siteContent", "update", { version: 2 });
  world.server.write("chatMessages", "delete", { id: "b" });
  const { writesLeft } = page.tab;
  const wasStored = [...world.storage.values.keys()].some((key) => key.startsWith(OUTBOX_PREFIX));
  const mine = wasStored || world.server.arrivals.length > 0 ? ["mine"] : [];
  const again = await page.reload();
  await world.clock.advance(60_000);
  expect(again.ids(), `after ${writes} writes`).toEqual(["a", ...mine]);
  expect(world.storage.json("chatMessages")).toEqual(world.server.state()["chatMessages"]);
  expect(world.storage.json("siteContent")).toEqual({ version: 2 });
  expect(again.service.pending()).toEqual([]);
  return writesLeft;
}

test("a page that dies between any two writes to storage ends right after the next visit", async () => {
  const enough = 1_000;
  const needed = enough - (await liveAndDie(enough));
  expect(needed).toBeGreaterThan(15);
  for (let writes = 0; writes <= needed; writes += 1) await liveAndDie(writes);
});

test("a list that somebody else changed behind our back is not trusted: the next visit fetches", async () => {
  const world = new World();
  const page = await world.open();
  for (const id of [1, 2, 3]) world.server.write("chatMessages", "add", { id });
  page.close();
  world.storage.values.set("chatMessages", JSON.stringify([{ id: 1 }]));
  const again = world.page();
  expect(again.ids()).toEqual([1]);
  again.service.connect();
  await settle();
  expect(again.ids()).toEqual([1, 2, 3]);
  expect(again.heardIds()).toEqual([2, 3]);
});

test.each([
  "no json",
  "null",
  "{}",
  "[]",
  '{"v":1}',
  '{"v":2,"who":"","cursor":"a1","topics":[]}',
  '{"v":1,"who":"x","topics":[[1]]}',
])("a broken record (%s) is as good as none", async (raw) => {
  const world = new World();
  world.server.write("chatMessages", "add", { id: 1 });
  world.storage.values.set(META_KEY, raw);
  world.storage.values.set("tidings:outbox:broken", raw);
  const page = await world.open();
  expect(page.ids()).toEqual([1]);
  expect(page.service.pending()).toEqual([]);
});

test.each([
  ["a plain text", "dark"],
  ["a number", "3"],
  ["a list without ids", '["a","b"]'],
  ["an object", '{"mine":true}'],
])("%s that the page keeps under the name of a list topic is never written over", async (_what, value) => {
  const world = new World();
  world.storage.values.set("theme", value);
  const page = await world.open();
  world.server.write("theme", "add", { id: 1 });
  expect(world.storage.values.get("theme")).toBe(value);
  expect(page.ids("theme")).toEqual([1]);
  expect((await page.reload()).ids("theme")).toEqual([1]);
});

test("a topic named like the page's session is delivered and never stored", async () => {
  const world = new World();
  world.logIn("ada");
  const page = await world.open();
  for (const name of ["authToken", "user"]) world.server.write(name, "add", { id: "evil" });
  expect(world.storage.values.get("authToken")).toBe("ada");
  expect(world.storage.values.has("user")).toBe(false);
  expect(page.heard).toHaveLength(2);
  expect((await page.reload()).ids("user")).toEqual(["evil"]);
});

test.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length", "getItem", "key"])(
  "'%s' as a topic, an id, a key of an item does nothing bad",
  async (name) => {
    const world = new World();
    world.logIn("ada");
    const page = await world.open({ newKey: () => name });
    const data = JSON.parse(`{"id":${JSON.stringify(name)},"__proto__":{"polluted":true},"constructor":1}`) as unknown;
    world.server.write(name, "add", data);
    world.server.write(name, "add", { id: "other" });
    world.server.write("chatMessages", "add", data);
    world.server.write(name, "update", data);
    await page.service.pushUpdate({ type: "chatMessages", action: "update", data });
    await page.service.pullFromServer();
    expect(page.ids(name)).toEqual([name, "other"]);
    expect(page.ids()).toEqual([name]);
    const again = await page.reload();
    expect(again.ids(name)).toEqual([name, "other"]);
    world.server.write(name, "delete", { id: name });
    expect(again.ids(name)).toEqual(["other"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(typeof {}.toString).toBe("function");
  },
);

test("a topic that could pass for a record of ours is not stored", async () => {
  const world = new World();
  await world.open();
  const before = world.storage.values.get(META_KEY);
  world.server.write(META_KEY, "update", { v: 1 });
  world.server.write("tidings:outbox:x", "update", { v: 1 });
  expect(world.storage.values.has("tidings:outbox:x")).toBe(false);
  expect(JSON.parse(world.storage.values.get(META_KEY) ?? "")).toMatchObject({ who: JSON.parse(before ?? "").who });
});

test("logging out removes that person's lists at once; logging in keeps what everybody may see until it is known", async () => {
  const world = new World();
  world.server.write("chatMessages", "add", { id: 1 });
  const page = await world.open();
  world.logIn("ada");
  await world.clock.advance(2_000);
  expect(page.ids()).toEqual([1]);
  expect(page.socket.auth["token"]).toBe("ada");
  world.server.goDown();
  world.storage.values.delete("authToken");
  await world.clock.advance(2_000);
  expect(page.ids()).toEqual([]);
  expect(world.storage.values.has("chatMessages")).toBe(false);
  world.server.comeBack();
  await world.clock.advance(60_000);
  expect(page.ids()).toEqual([1]);
});

test("what still waited to be stored for one person is not stored for the next", async () => {
  const world = new World();
  world.logIn("ada");
  const page = await world.open();
  const setItem = page.tab.setItem.bind(page.tab);
  page.tab.setItem = (key, value) => {
    world.clock.spend(100);
    setItem(key, value);
  };
  for (const id of [1, 2, 3]) world.server.write("secret", "add", { id });
  world.server.goDown();
  world.server.journal = [];
  world.logIn("bob");
  page.tab.wake();
  await world.clock.advance(5_000);
  expect(page.ids("secret")).toEqual([]);
  expect(world.storage.values.has("secret")).toBe(false);
});

test("a fresh token of the same person takes over without a snapshot and without a gap", async () => {
  const world = new World();
  const token = (iat: number) => `e30.${btoa(JSON.stringify({ sub: "ada", iat }))}.x`;
  world.logIn(token(1));
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: 1 });
  world.logIn(token(2));
  await world.clock.advance(2_000);
  world.server.write("chatMessages", "add", { id: 2 });
  expect(page.socket.auth["token"]).toBe(token(2));
  expect(page.heardIds()).toEqual([1, 2]);
  expect(world.server.dataTokens).toHaveLength(1);
});

test("lists of another server are not mixed with this one's", async () => {
  const world = new World();
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: 1 });
  const other = new World();
  for (const [key, value] of world.storage.values) other.storage.values.set(key, value);
  page.close();
  const moved = await other.open({ url: "https://elsewhere.example/api" });
  expect(moved.ids()).toEqual([]);
  expect(moved.socket.target.origin).toBe("https://elsewhere.example");
});
