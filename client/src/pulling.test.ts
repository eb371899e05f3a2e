/** pullFromServer() and snapshots in general: merged into what is live, never over it. */
import { expect, test } from "vitest";
import { settle } from "../test/fake-clock.ts";
import { World } from "../test/page.ts";

test("resolves to the state, and storage holds it", async () => {
  const world = new World();
  world.server.write("chatMessages", "add", { id: 1 });
  world.server.write("siteContent", "update", { title: "Hello" });
  const page = world.page();
  const state = await page.service.pullFromServer();
  expect(state).toEqual({ chatMessages: [{ id: 1 }], siteContent: { title: "Hello" } });
  expect(world.ids()).toEqual([1]);
  expect(world.storage.json("siteContent")).toEqual({ title: "Hello" });
});

test("pulled before connect(), following goes on from the state's cursor without another snapshot", async () => {
  const world = new World();
  world.server.write("chatMessages", "add", { id: 1 });
  const page = world.page();
  await page.service.pullFromServer();
  world.server.write("chatMessages", "add", { id: 2 });
  page.service.connect();
  await settle();
  expect(world.server.dataTokens).toHaveLength(1);
  expect(page.heardIds()).toEqual([2]);
});

test("what arrives live while the answer is on its way is not overwritten by it", async () => {
  const world = new World();
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: 1 });
  world.server.whileAnswering = () => {
    world.server.whileAnswering = () => {};
    world.server.write("chatMessages", "add", { id: 2 });
    world.server.write("chatMessages", "update", { id: 1, edited: true });
  };
  await page.service.pullFromServer();
  expect(world.storage.json("chatMessages")).toEqual([{ id: 1, edited: true }, { id: 2 }]);
  expect(page.heard).toHaveLength(3);
});

test("an answer that is ahead of a slow line is told as it comes, and the line then repeats nothing", async () => {
  const world = new World();
  const page = await world.open();
  page.socket.isHeld = true;
  for (const id of [1, 2]) world.server.write("chatMessages", "add", { id });
  await page.service.pullFromServer();
  expect(page.heardIds()).toEqual([1, 2]);
  page.socket.isHeld = false;
  page.socket.deliver();
  expect(page.ids()).toEqual([1, 2]);
  expect(page.heardIds()).toEqual([1, 2]);
});

test("a pull that changes nothing tells nothing and keeps the connection", async () => {
  const world = new World();
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: 1 });
  const { socket } = page;
  await page.service.pullFromServer();
  await page.service.pullFromServer();
  expect(page.heard).toHaveLength(1);
  expect(page.socket).toBe(socket);
  expect(page.connections).toEqual([true]);
});

test("two pulls at once are one request", async () => {
  const world = new World();
  const page = await world.open();
  const before = world.server.dataTokens.length;
  const [one, two] = await Promise.all([page.service.pullFromServer(), page.service.pullFromServer()]);
  expect(one).toEqual(two);
  expect(world.server.dataTokens).toHaveLength(before + 1);
});

test("a topic that may no longer be read disappears with the next state", async () => {
  const world = new World();
  const page = await world.open();
  world.server.write("secret", "add", { id: 1 });
  world.server.journal = world.server.journal.filter(({ type }) => type !== "secret");
  await page.service.pullFromServer();
  expect(page.service.topic("secret")).toEqual({ kind: "unknown" });
  expect(world.storage.values.has("secret")).toBe(false);
  expect(page.heard.at(-1)).toMatchObject({ type: "secret", action: "clear" });
});

test.each([
  [401, "401"],
  [503, "503"],
])("a refused pull (%d) rejects with the server's code and changes nothing", async (status, code) => {
  const world = new World();
  const page = await world.open();
  world.server.write("chatMessages", "add", { id: 1 });
  world.server.dataStatus = status;
  await expect(page.service.pullFromServer()).rejects.toMatchObject({ code, error: "not now" });
  expect(page.ids()).toEqual([1]);
});

test("an unreachable server, a page instead of a state and a lost cursor header each say what is wrong", async () => {
  const world = new World();
  world.server.isUp = false;
  await expect(world.page().service.pullFromServer()).rejects.toMatchObject({ code: "unreachable" });
  const answer = (body: unknown) => async () => ({
    ok: true,
    status: 200,
    headers: { get: () => null },
    json: async () => body,
  });
  const html = world.page({ fetch: answer("<!doctype html>") });
  await expect(html.service.pullFromServer()).rejects.toMatchObject({ code: "bad_answer" });
  const bare = world.page({ fetch: answer({}) });
  await expect(bare.service.pullFromServer()).rejects.toThrow("Tidings-Cursor");
});

test("asks for its space and its topics", async () => {
  const world = new World();
  const urls: string[] = [];
  const page = world.page({
    url: "https://chat.example/base/api/",
    space: "team",
    topics: ["room/*", "news"],
    fetch: (url, init) => {
      urls.push(url);
      return world.server.fetch(url, init);
    },
  });
  await page.service.pullFromServer();
  expect(urls).toEqual(["https://chat.example/base/api/sync/data?space=team&topics=room%2F*%2Cnews"]);
});

test("an answer that belongs to the person before is thrown away, and asked for anew", async () => {
  const world = new World();
  world.logIn("ada");
  const arrivals: (() => void)[] = [];
  const page = world.page({
    fetch: async (url, init) => {
      const answer = await world.server.fetch(url, init);
      await new Promise<void>((resolve) => arrivals.push(resolve));
      return answer;
    },
  });
  world.server.write("chatMessages", "add", { id: "for ada" });
  const pulled = page.service.pullFromServer();
  await settle();
  world.server.journal = [];
  world.server.write("chatMessages", "add", { id: "for bob" });
  world.logIn("bob");
  page.service.pushUpdate({ type: "", action: "add" }).catch(() => {});
  arrivals.shift()?.();
  await settle();
  expect(page.ids()).toEqual([]);
  arrivals.shift()?.();
  expect(await pulled).toEqual({ chatMessages: [{ id: "for bob" }] });
  expect(world.server.dataTokens).toEqual(["Bearer ada", "Bearer bob"]);
});

test("a login between the first look at the lists and connect() counts", async () => {
  const world = new World();
  const page = world.page();
  expect(page.ids()).toEqual([]);
  world.logIn("ada");
  page.service.connect();
  await settle();
  expect(page.socket.auth["token"]).toBe("ada");
  expect(JSON.parse(world.storage.values.get("tidings:replica") ?? "")).toMatchObject({
    who: expect.stringContaining("|#"),
  });
});

test("a reset that `connected` has told already is one snapshot, not two", async () => {
  const world = new World();
  await world.open();
  const before = world.server.dataTokens.length;
  world.server.goDown();
  world.server.era = "b";
  world.server.comeBack();
  await settle();
  expect(world.server.dataTokens).toHaveLength(before + 1);
});
