/** Several tabs on one storage, each with its own socket: one outbox, one set of lists, no stale overwrite. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { settle } from "../test/fake-clock.ts";
import { type Page, World } from "../test/page.ts";

const pushedIds = (world: World) => world.server.journal.map(({ data }) => (data as { id: unknown }).id);

async function openTwo(): Promise<{ world: World; one: Page; two: Page; sockets: [Page["socket"], Page["socket"]] }> {
  const world = new World();
  world.logIn("ada");
  const one = await world.open();
  const first = one.socket;
  const two = await world.open();
  return { world, one, two, sockets: [first, two.socket] };
}

test("both tabs hear and show everything, and storage holds it once", async () => {
  const { world, one, two } = await openTwo();
  for (const id of [1, 2, 3]) world.server.write("chatMessages", "add", { id });
  world.storage.tellTabs();
  expect(one.heardIds()).toEqual([1, 2, 3]);
  expect(two.heardIds()).toEqual([1, 2, 3]);
  expect(world.ids()).toEqual([1, 2, 3]);
});

test("a tab that is behind does not take from storage what the other has put there", async () => {
  const { world, two, sockets } = await openTwo();
  sockets[1].isHeld = true;
  for (const id of [1, 2, 3]) world.server.write("chatMessages", "add", { id });
  sockets[1].isHeld = false;
  const stored: unknown[] = [];
  two.service.addListener("sync_update", () => stored.push(world.ids()));
  sockets[1].deliver();
  expect(stored).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test("an older list written over a newer one is put right by the tab that knows better", async () => {
  const { world, one } = await openTwo();
  world.server.write("chatMessages", "add", { id: 1 });
  const old = new Map(world.storage.values);
  world.server.write("chatMessages", "add", { id: 2 });
  // Another process wrote from an older view of the storage: the list and the record, or the list alone.
  for (const keys of [["chatMessages", "tidings:replica"], ["chatMessages"]]) {
    const intruder = world.storage.tab();
    for (const key of keys) intruder.setItem(key, old.get(key) ?? "");
    expect(world.ids()).toEqual([1]);
    world.storage.tellTabs();
    await world.clock.advance(1_000);
    expect(world.ids()).toEqual([1, 2]);
  }
  expect((await one.reload()).heardIds()).toEqual([]);
});

test("a list that another tab left short is put right although the record was not touched", async () => {
  const world = new World();
  await world.open();
  for (const id of [1, 2]) world.server.write("chatMessages", "add", { id });
  world.storage.tab().setItem("chatMessages", '[{"id":1}]');
  world.storage.tellTabs();
  await world.clock.advance(1_000);
  expect(world.ids()).toEqual([1, 2]);
});

test("when the tab that was ahead is gone, the other goes on from its own place and loses nothing", async () => {
  const { world, one, two, sockets } = await openTwo();
  sockets[1].isHeld = true;
  for (const id of [1, 2]) world.server.write("chatMessages", "add", { id });
  one.close();
  world.server.journal.push({ ...pushed(world, 3) });
  world.server.trimmedBefore = 0;
  sockets[1].isHeld = false;
  sockets[1].deliver();
  await world.clock.advance(5_000);
  expect(world.ids()).toEqual([1, 2, 3]);
  const again = await two.reload();
  expect(again.ids()).toEqual([1, 2, 3]);
});

function pushed(world: World, id: number) {
  const seq = world.server.journal.length + 1;
  return { type: "chatMessages", action: "add", data: { id }, timestamp: 1, author: null, seq, key: null };
}

test("a record that this tab has never passed is left alone for a while, then replaced", async () => {
  const { world, sockets } = await openTwo();
  world.server.write("chatMessages", "add", { id: 1 });
  const record = JSON.parse(world.storage.values.get("tidings:replica") ?? "") as { cursor: string };
  world.storage.values.set("tidings:replica", JSON.stringify({ ...record, cursor: "a999" }));
  world.server.write("chatMessages", "add", { id: 2 });
  expect(world.ids()).toEqual([1]);
  await world.clock.advance(2_000);
  expect(world.ids()).toEqual([1, 2]);
  expect(sockets).toHaveLength(2);
});

test("one tab sends for all: nothing goes out twice, and every promise resolves in its own tab", async () => {
  const { world, one, two } = await openTwo();
  world.server.goDown();
  const pushes = [one.say("a"), two.say("b"), one.say("c"), two.say("d")];
  world.storage.tellTabs();
  expect(one.service.pending()).toHaveLength(4);
  expect(two.service.pending()).toHaveLength(4);
  world.server.comeBack();
  await settle();
  world.storage.tellTabs();
  const receipts = await Promise.all(pushes);
  expect(pushedIds(world)).toEqual(["a", "b", "c", "d"]);
  expect(receipts.map(({ seq, duplicate }) => [seq, duplicate])).toEqual([
    [1, false],
    [2, false],
    [3, false],
    [4, false],
  ]);
  expect(world.server.arrivals).toHaveLength(4);
  expect([...one.service.pending(), ...two.service.pending()]).toEqual([]);
});

test("without locks a double send makes one item", async () => {
  const world = new World();
  world.logIn("ada");
  const one = await world.open({ locks: null });
  const two = await world.open({ locks: null });
  world.server.goDown();
  const push = one.say("a");
  world.storage.tellTabs();
  world.server.comeBack();
  await settle();
  world.storage.tellTabs();
  await world.clock.advance(5_000);
  expect(await push).toMatchObject({ success: true });
  expect(pushedIds(world)).toEqual(["a"]);
  expect(two.ids()).toEqual(["a"]);
});

test("a final no and a discard in one tab reach the promise in the other", async () => {
  const { world, one, two } = await openTwo();
  world.server.goDown();
  const refused = two.say("refused");
  const discarded = two.say("discarded");
  world.storage.tellTabs();
  one.service.discard("key-0002");
  world.storage.tellTabs();
  await expect(discarded).rejects.toMatchObject({ code: "discarded" });
  two.tab.onDeath();
  world.server.verdicts.push({ error: "no", code: "forbidden" });
  world.server.comeBack();
  await settle();
  world.storage.tellTabs();
  await expect(refused).rejects.toMatchObject({ code: "forbidden", error: "no" });
  expect(two.service.pending()).toMatchObject([{ state: "failed" }]);
});

test("an entry of a tab that is gone is sent by another", async () => {
  const { world, one, two } = await openTwo();
  world.server.goDown();
  void two.say("from the closed tab");
  two.close();
  world.storage.tellTabs();
  world.server.comeBack();
  await settle();
  expect(pushedIds(world)).toEqual(["from the closed tab"]);
  expect(one.ids()).toEqual(["from the closed tab"]);
});

test("a login in one tab takes effect in the other at once", async () => {
  const { world, one, sockets } = await openTwo();
  sockets[1].cut();
  one.tab.setItem("authToken", "bob");
  world.storage.tellTabs();
  await settle();
  expect(world.server.live.map((socket) => socket.auth["token"])).toContain("bob");
});

const STEPS = [
  "write",
  "push",
  "cut",
  "hold",
  "release",
  "reload",
  "hear",
  "wait",
  "restart",
  "trim",
  "pull",
  "die",
] as const;
type Step = readonly [(typeof STEPS)[number], number];

const step: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom(...STEPS), fc.nat(11));

/** Two tabs, whatever happens to them: in the end all agree with the server, and nothing was sent into two items. */
test("two tabs, losses, reloads, slow lines, gaps, deaths between two writes: everybody ends with what the server holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new World();
      world.logIn("ada");
      const pages = [await world.open(), await world.open()];
      for (const [what, number] of steps) await take(world, pages, what, number);
      world.server.comeBack();
      await settle();
      for (const [index, page] of pages.entries()) if (page.tab.writesLeft < ALIVE) pages[index] = await page.reload();
      for (const socket of world.server.live) {
        socket.isHeld = false;
        socket.deliver();
      }
      for (let round = 0; round < 4; round += 1) {
        world.storage.tellTabs();
        await world.clock.advance(15_000);
      }
      const truth = ((world.server.state()["chatMessages"] ?? []) as { id: unknown }[]).map(({ id }) => id);
      const pushes = world.server.journal.map(({ key }) => key).filter((key) => key !== null);
      expect(new Set(pushes).size).toBe(pushes.length);
      for (const page of pages) {
        expect(page.ids()).toEqual(truth);
        expect(page.service.pending()).toEqual([]);
        expect(page.service.isComplete()).toBe(true);
      }
      expect(world.ids() ?? []).toEqual(truth);
      world.server.isUp = false;
      expect((await pages[0]?.reload())?.ids()).toEqual(truth);
    }),
    { numRuns: 300 },
  );
});

const ALIVE = Number.POSITIVE_INFINITY;

async function take(world: World, pages: Page[], what: Step[0], number: number): Promise<void> {
  const page = pages[number % 2];
  const sockets = world.server.live;
  const socket = sockets[number % Math.max(1, sockets.length)];
  if (what === "write") writeSomething(world, number);
  if (what === "push") void page?.say(`push-${world.server.journal.length}-${number}-${world.clock.now()}`);
  if (what === "cut") socket?.cut();
  if (what === "hold" && socket) socket.isHeld = true;
  if (what === "release" && socket) socket.isHeld = false;
  if (what === "release") socket?.deliver();
  if (what === "reload" && page) pages[number % 2] = await page.reload();
  if (what === "hear") world.storage.tellTabs();
  // Older cursors cannot be replayed any more.
  if (what === "trim") world.server.trimmedBefore = world.server.journal.length;
  if (what === "pull") page?.service.pullFromServer().catch(() => {});
  // Anywhere in what it does next.
  if (what === "die" && page) page.tab.writesLeft = Math.min(page.tab.writesLeft, number);
  if (what === "wait") await world.clock.advance(number * 300);
  if (what === "restart") world.server.goDown();
  if (what === "cut" || what === "restart" || what === "wait") world.server.comeBack();
  await settle();
}

function writeSomething(world: World, number: number): void {
  const id = number % 4;
  if (number < 6) world.server.write("chatMessages", "add", { id, number });
  else if (number < 9) world.server.write("chatMessages", "update", { id, number });
  else world.server.write("chatMessages", number === 11 ? "clear" : "delete", number === 11 ? null : { id });
}
