/** The room on a phone, with nothing but a finger: taps, swipes, and the keyboard on the screen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openBrowser, Person } from "../harness/browser.mjs";
import { poll } from "../harness/deadline.mjs";
import { Server } from "../harness/server.mjs";
import { PHONE, TouchPerson } from "../harness/touch.mjs";

/** Ann at a desk and Tom on a phone, in one room in which Ann has written so many lines. */
async function room(t, lines) {
  const server = await Server.start(t);
  const browser = await openBrowser(t);
  const ann = await Person.enter(t, browser, server.url, "Ann");
  const tom = await TouchPerson.enter(t, browser, server.url, "Tom");
  for (let line = 1; line <= lines; line += 1) await ann.write(`line ${line} of Ann`);
  if (lines > 0) await tom.message(`line ${lines} of Ann`).waitFor();
  return { ann, tom };
}

/** Whether a thing is on the screen whole, between the head of the room and the field below. */
async function isInView(person, thing) {
  if ((await thing.count()) === 0) return false;
  const [box, frame] = await Promise.all([thing.boundingBox(), person.page.getByTestId("conversation").boundingBox()]);
  return box !== null && box.y >= frame.y && box.y + box.height <= frame.y + frame.height;
}

test("somebody enters, writes, replies and deletes by tapping", async (t) => {
  const { ann, tom } = await room(t, 3);
  await tom.write("from the phone");
  await ann.message("from the phone").waitFor();

  await tom.act("line 2 of Ann", "Reply");
  assert.match(await tom.page.getByTestId("reply-bar").textContent(), /Ann.*line 2 of Ann/);
  await tom.write("an answer by thumb");
  const answer = ann.message("an answer by thumb");
  await answer.waitFor();
  assert.match(await answer.textContent(), /line 2 of Ann/, "the answer quotes what it answers");

  await tom.act("from the phone", "Delete");
  await tom.page.getByTestId("confirm").tap();
  for (const person of [tom, ann]) await person.message("from the phone").waitFor({ state: "detached" });
  await tom.bubble("line 1 of Ann").tap();
  assert.equal(await tom.message("line 1 of Ann").getByRole("button", { name: "Delete" }).count(), 0, "not Tom's");
  assert.deepEqual([ann.errors, tom.errors], [[], []]);
});

test("the list of who is here opens and closes by tapping", async (t) => {
  const { tom } = await room(t, 0);
  await tom.page.getByTestId("show-panel").tap();
  const drawer = tom.page.getByRole("dialog");
  await poll(
    async () => (await drawer.getByTestId("people").getByRole("listitem").count()) === 2,
    "both people in the list",
  );
  assert.match(await drawer.getByTestId("people").textContent(), /Ann.*Tom.*you|Tom.*you.*Ann/);
  // Outside of it.
  await tom.page.touchscreen.tap(10, 400);
  await drawer.waitFor({ state: "detached" });
  await tom.page.getByTestId("show-panel").tap();
  await drawer.getByRole("button", { name: "Close" }).tap();
  await drawer.waitFor({ state: "detached" });
});

test("a finger draws the messages back, new ones wait below, and a tap returns to the end", async (t) => {
  const { ann, tom } = await room(t, 40);
  await poll(() => isInView(tom, tom.message("line 40 of Ann")), "the room to open at its end");
  await poll(async () => {
    await tom.drag(300);
    return isInView(tom, tom.message("line 1 of Ann"));
  }, "the first line, drawn into view");
  await ann.write("something new below");
  const jump = tom.page.getByTestId("jump-to-end");
  await poll(async () => /1 new message/.test(await jump.textContent()), "the count of what came meanwhile");
  await jump.tap();
  await poll(() => isInView(tom, tom.message("something new below")), "the newest message in view");
  await jump.waitFor({ state: "detached" });
  await ann.write("and one more");
  await poll(() => isInView(tom, tom.message("and one more")), "the room to follow again");
});

/** The messages of which a finger's breadth is on the screen, from top to bottom: their ids, and a place on each to tap at. */
function inSight(person) {
  return person.page.getByTestId("conversation").evaluate((frame) => {
    const { top, bottom } = frame.getBoundingClientRect();
    const bubbles = [...frame.querySelectorAll("[data-message-id] [data-bubble]")];
    return bubbles
      .map((bubble) => ({ bubble, box: bubble.getBoundingClientRect() }))
      .filter(({ box }) => box.bottom > top + 20 && box.top < bottom - 20)
      .map(({ bubble, box }) => ({
        id: bubble.closest("[data-message-id]").dataset.messageId,
        x: box.left + 8,
        y: (Math.max(box.top, top) + Math.min(box.bottom, bottom)) / 2,
      }));
  });
}

test("what can be done with a message is in reach wherever it stands, and large enough for a thumb", async (t) => {
  const { tom } = await room(t, 30);
  await tom.drag(100);
  const shown = await inSight(tom);
  for (const place of [0, Math.floor(shown.length / 2), -1]) {
    const { id, x, y } = (await inSight(tom)).at(place);
    await tom.page.touchscreen.tap(x, y);
    const reply = tom.page.locator(`[data-message-id="${id}"]`).getByRole("button", { name: "Reply", exact: true });
    await poll(() => isInView(tom, reply), `Reply in view after a tap at ${y}`);
    const { width, height } = await reply.boundingBox();
    assert.ok(width >= 44 && height >= 44, `${width} × ${height}`);
  }
  const wide = await tom.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.viewport.width, "nothing sticks out at the side");
});
