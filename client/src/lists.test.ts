/** What becomes of updates: the lists in storage and in memory, and what listeners are told. */
import { expect, test } from "vitest";
import { settle } from "../test/fake-clock.ts";
import { World } from "../test/page.ts";

test("the first visit shows what the server holds and tells it to no listener", async () => {
  const world = new World();
  world.server.write("chatMessages", "add", { id: 1 });
  world.server.write("siteContent", "update", { title: "Hello" });
  const page = await world.open();
  expect(world.ids()).toEqual([1]);
  expect(world.storage.json("siteContent")).toEqual({ title: "Hello" });
  expect(page.service.topic("siteContent")).toEqual({ kind: "document", value: { title: "Hello" } });
  expect(page.heard).toEqual([]);
  expect(page.service.isComplete()).toBe(true);
});

test("new messages append, updates keep the place, deletes remove, a clear empties", async () => {
  const world = new World();
  const page = await world.open();
  const write = (action: string, data: unknown) => world.server.write("chatMessages", action, data);
  write("add", { id: "a" });
  write("add", { id: "b" });
  write("add", { id: "c" });
  write("update", { id: "a", edited: true });
  write("delete", { id: "b" });
  expect(world.storage.json("chatMessages")).toEqual([{ id: "a", edited: true }, { id: "c" }]);
  write("clear", null);
  expect(world.storage.json("chatMessages")).toEqual([]);
  expect(page.heard.map(({ action }) => action)).toEqual(["add", "add", "add", "update", "delete", "clear"]);
});

test("the update reaches listeners whole, after it is in storage", async () => {
  const world = new World();
  const page = await world.open();
  let stored: unknown = null;
  page.service.addListener("sync_update", () => {
    stored = world.ids();
  });
  world.server.write("chatMessages", "add", { id: "a" }, "ada");
  expect(page.heard).toEqual([
    { type: "chatMessages", action: "add", data: { id: "a" }, timestamp: 1_000, author: "ada", seq: 1 },
  ]);
  expect(stored).toEqual(["a"]);
});

test("a document is replaced whole", async () => {
  const world = new World();
  await world.open();
  world.server.write("siteContent", "update", { title: "One", text: "long" });
  world.server.write("siteContent", "update", { title: "Two" });
  expect(world.storage.json("siteContent")).toEqual({ title: "Two" });
});

test("an entry that is delivered twice counts once", async () => {
  const world = new World();
  const page = await world.open();
  for (const id of [1, 2, 3]) world.server.write("chatMessages", "add", { id });
  world.server.write("chatMessages", "delete", { id: 2 });
  page.socket.repeat(3);
  expect(world.ids()).toEqual([1, 3]);
  expect(page.heard).toHaveLength(4);
});

test("3 and '3' are two items", async () => {
  const world = new World();
  await world.open();
  world.server.write("chatMessages", "add", { id: 3 });
  world.server.write("chatMessages", "add", { id: "3" });
  world.server.write("chatMessages", "delete", { id: 3 });
  expect(world.ids()).toEqual(["3"]);
});

test("a reload shows everything before the network and resumes after what it has", async () => {
  const world = new World();
  const first = await world.open();
  for (const id of [1, 2]) world.server.write("chatMessages", "add", { id });
  first.close();
  world.server.write("chatMessages", "add", { id: 3 });
  const second = world.page();
  expect(second.ids()).toEqual([1, 2]);
  const fetched = world.server.dataTokens.length;
  second.service.connect();
  await settle();
  expect(second.ids()).toEqual([1, 2, 3]);
  expect(second.heardIds()).toEqual([3]);
  expect(world.server.dataTokens).toHaveLength(fetched);
});

test("a list that the page kept before the server knew the topic stays in front, for good", async () => {
  const world = new World();
  world.storage.values.set("chatMessages", JSON.stringify([{ id: "old-1" }, { id: "old-2" }]));
  const page = await world.open();
  expect(page.ids()).toEqual(["old-1", "old-2"]);
  world.server.write("chatMessages", "add", { id: "new" });
  expect(world.ids()).toEqual(["old-1", "old-2", "new"]);
  const again = await page.reload();
  expect(again.ids()).toEqual(["old-1", "old-2", "new"]);
  await again.service.pullFromServer();
  expect(world.ids()).toEqual(["old-1", "old-2", "new"]);
  world.server.write("chatMessages", "delete", { id: "old-1" });
  await again.service.pullFromServer();
  expect(world.ids()).toEqual(["old-2", "new"]);
});

test("an item that the page kept and the server now holds is the server's", async () => {
  const world = new World();
  world.storage.values.set("chatMessages", JSON.stringify([{ id: "old" }]));
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: "new" });
  world.server.write("chatMessages", "add", { id: "old", content: "moved up" });
  await page.service.pullFromServer();
  expect(world.storage.json("chatMessages")).toEqual([{ id: "new" }, { id: "old", content: "moved up" }]);
});

test("what the page writes into a list itself stays there while its push waits", async () => {
  const world = new World();
  world.logIn("ada");
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: "a" });
  world.server.goDown();
  const mine = [{ id: "a" }, { id: "mine", content: "hello" }];
  page.tab.setItem("chatMessages", JSON.stringify(mine));
  void page.say("mine");
  const again = await page.reload();
  world.server.journal.push({
    type: "chatMessages",
    action: "add",
    data: { id: "b" },
    timestamp: 1,
    author: null,
    seq: 2,
    key: null,
  });
  world.server.verdicts.push("lose-push");
  world.server.comeBack();
  await settle();
  expect(world.ids()).toEqual(["a", "b", "mine"]);
  await world.clock.advance(5_000);
  expect(world.ids()).toEqual(["a", "b", "mine"]);
  expect(again.ids()).toEqual(["a", "b", "mine"]);
});

test("a list that holds the page's own unsent items is not taken for the server's", async () => {
  const world = new World();
  world.logIn("ada");
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: "a" });
  page.tab.setItem("chatMessages", JSON.stringify([{ id: "a" }, { id: "mine", content: "hello" }]));
  world.server.verdicts.push("lose-push");
  void page.say("mine");
  await settle();
  world.server.write("chatMessages", "add", { id: "b" });
  expect(world.ids()).toEqual(["a", "b", "mine"]);
  page.close();
  world.server.write("chatMessages", "add", { id: "c" });
  const again = await world.open();
  await world.clock.advance(5_000);
  expect(again.ids()).toEqual(["a", "b", "c", "mine"]);
  expect(world.ids()).toEqual(["a", "b", "c", "mine"]);
});

test("a burst is stored in few writes, and every update is told in order", async () => {
  const world = new World();
  const page = await world.open();
  let writes = 0;
  const setItem = page.tab.setItem.bind(page.tab);
  page.tab.setItem = (key, value) => {
    if (key === "chatMessages") writes += 1;
    world.clock.spend(10);
    setItem(key, value);
  };
  for (let id = 0; id < 100; id += 1) world.server.write("chatMessages", "add", { id });
  await world.clock.advance(1_000);
  expect(writes).toBeLessThan(5);
  expect(page.heardIds()).toEqual(Array.from({ length: 100 }, (_, id) => id));
  expect(world.ids()).toEqual(page.ids());
});

test("a listener that throws disturbs nobody", async () => {
  const world = new World();
  const reported: unknown[] = [];
  const page = world.page({ reportError: (error) => reported.push(error) });
  const broken = new Error("broken listener");
  page.service.addListener("connected", () => {
    throw broken;
  });
  const after: unknown[] = [];
  page.service.addListener("connected", (event) => after.push(event));
  page.service.connect();
  await settle();
  expect(reported).toEqual([broken]);
  expect(after).toEqual([{ connected: true }]);
});

test("a removed listener hears nothing more", async () => {
  const world = new World();
  const page = await world.open();
  const heard: unknown[] = [];
  const listener = (update: unknown): void => void heard.push(update);
  page.service.addListener("sync_update", listener);
  page.service.removeListener("sync_update", listener);
  world.server.write("chatMessages", "add", { id: 1 });
  expect(heard).toEqual([]);
});
