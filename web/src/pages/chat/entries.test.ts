/** How the server's items and what is still unsent become one list, each message once. */
import { describe, expect, test } from "vitest";
import type { Outgoing } from "../../sync/room";
import { entryReader } from "./entries";

const NOTHING_KNOWN = new Map<string, number>();
const reader = () => entryReader("http://localhost/", () => Date.UTC(2026, 10, 22));
const item = (id: string) => ({ id, userId: "me", content: id });
const out = (action: Outgoing["action"], id: string, status: Outgoing["status"]): Outgoing => ({
  key: `key-${id}`,
  action,
  data: action === "add" ? item(id) : { id },
  status,
});

function states(items: unknown[], outbox: Outgoing[]) {
  const entries = reader().read({ items, outbox, committedAt: NOTHING_KNOWN });
  return entries.map(({ message, delivery }) => `${message.id} ${delivery.state}`);
}

describe("unsent messages", () => {
  test("stand at the end, marked by how far they have come", () => {
    const outbox = [
      out("add", "w", { state: "waiting" }),
      out("add", "s", { state: "sending" }),
      out("add", "a", { state: "accepted" }),
      out("add", "r", { state: "refused", reason: "Too long." }),
    ];
    expect(states([item("1")], outbox)).toEqual(["1 sent", "w waiting", "s waiting", "a sent", "r refused"]);
  });

  test("show once when the server already has them", () => {
    expect(states([item("1"), item("2")], [out("add", "1", { state: "accepted" })])).toEqual(["1 sent", "2 sent"]);
  });

  test("are marked while their deletion is on its way, and not when it was refused", () => {
    expect(states([item("1")], [out("delete", "1", { state: "waiting" })])).toEqual(["1 deleting"]);
    expect(states([item("1")], [out("delete", "1", { state: "refused", reason: "Not yours." })])).toEqual(["1 sent"]);
  });
});

test("items that are no messages, and a second one of an id, are left out", () => {
  expect(states([null, 5, {}, item("1"), item("1")], [])).toEqual(["1 sent"]);
});

test("an item is read once, and again when its commit time becomes known", () => {
  const reading = reader();
  const items = [item("1")];
  const room = { items, outbox: [], committedAt: NOTHING_KNOWN };
  const first = reading.read(room)[0]?.message;
  expect(reading.read({ ...room, items: [...items, item("2")] })[0]?.message).toBe(first);
  const committedAt = new Map([["s:1", Date.UTC(2026, 10, 21)]]);
  expect(reading.read({ ...room, committedAt })[0]?.message.instant).toBe(Date.UTC(2026, 10, 21));
});
