/**
 * Two people in two isolated browser contexts, against the real server: what one writes the other sees, whatever happens to
 * the page or the server in between.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openBrowser, Person } from "../harness/browser.mjs";
import { poll } from "../harness/deadline.mjs";
import { Server } from "../harness/server.mjs";

/** Messages of the burst in the middle of which the server is killed. */
const BURST = 40;

async function room(t) {
  const server = await Server.start(t);
  const browser = await openBrowser(t);
  const ann = await Person.enter(t, browser, server.url, "Ann", { viewport: { width: 1280, height: 800 } });
  const bob = await Person.enter(t, browser, server.url, "Bob", { viewport: { width: 390, height: 844 } });
  return { server, ann, bob };
}

/** Waits until every window shows the same messages, `count` of them, each once and none unsent. */
async function agree(people, count) {
  const lists = await poll(
    async () => {
      const lists = await Promise.all(people.map((person) => person.ids()));
      const unsent = await Promise.all(people.map((person) => person.unsent()));
      const done = unsent.every((n) => n === 0) && lists.every((ids) => ids.length >= count);
      return done ? lists : null;
    },
    `${people.length} windows with ${count} messages each`,
    60_000,
  );
  for (const ids of lists) {
    assert.equal(new Set(ids).size, ids.length, "each message once");
    assert.equal(ids.length, count);
    assert.deepEqual(ids, lists[0], "in the same order everywhere");
  }
  return lists[0];
}

test("both windows get each message without a reload, and keep them over one, once and in order", async (t) => {
  const { ann, bob } = await room(t);
  for (const turn of [1, 2, 3]) {
    await ann.write(`Ann says ${turn}`);
    await bob.message(`Ann says ${turn}`).waitFor();
    await bob.write(`Bob says ${turn}`);
    await ann.message(`Bob says ${turn}`).waitFor();
  }
  const before = await agree([ann, bob], 6);
  await Promise.all([ann.page.reload(), bob.page.reload()]);
  await Promise.all([ann.isConnected(), bob.isConnected()]);
  assert.deepEqual(await agree([ann, bob], 6), before);
  await ann.write("after the reload");
  await bob.message("after the reload").waitFor();
  assert.deepEqual([ann.errors, bob.errors], [[], []]);
});

test("the server is killed in the middle of a burst, and both windows end with the same complete list", async (t) => {
  const { server, ann, bob } = await room(t);
  await ann.write("before the burst");
  await bob.message("before the burst").waitFor();
  const burst = async (person) => {
    for (let turn = 1; turn <= BURST / 2; turn += 1) await person.write(`${person.name} ${turn} of the burst`);
  };
  const writing = Promise.all([burst(ann), burst(bob)]);
  await poll(async () => (await bob.ids()).length > BURST / 4, "a part of the burst");
  await server.kill();
  await writing;
  await server.start();
  await agree([ann, bob], BURST + 1);
  const own = await ann.page
    .getByTestId("message")
    .filter({ hasText: /Ann \d+ of the burst/ })
    .allInnerTexts();
  const turns = own.map((text) => Number(/Ann (\d+) of/.exec(text)[1]));
  assert.deepEqual(
    turns,
    [...turns].sort((one, other) => one - other),
    "a person's messages in the order of writing",
  );
});

test("a message written while the server is away is marked, and goes out when it returns, over a reload too", async (t) => {
  const { server, ann, bob } = await room(t);
  await server.kill();
  await ann.page.getByTestId("offline-banner").waitFor();
  await ann.write("written in the dark");
  await ann.message("written in the dark").getByTestId("state-waiting").waitFor();
  await server.start();
  await bob.message("written in the dark").waitFor();
  await agree([ann, bob], 1);

  await server.kill();
  await ann.write("kept over a reload");
  await ann.message("kept over a reload").getByTestId("state-waiting").waitFor();
  // The page itself comes from the server, so the window reloads once that is back: what was unsent comes from storage.
  await server.start();
  await ann.page.reload();
  await bob.message("kept over a reload").waitFor();
  await agree([ann, bob], 2);
});
