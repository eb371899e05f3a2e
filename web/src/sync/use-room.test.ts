/** How what the client has not sent yet becomes the outbox that the room shows. */
import type { PendingEntry } from "tidings";
import { expect, test } from "vitest";
import { outboxOf } from "./use-room";

const entry = (parts: Partial<PendingEntry>): PendingEntry =>
  ({
    key: "k",
    type: "chatMessages",
    action: "add",
    data: { id: 1 },
    at: 0,
    stored: true,
    state: "waiting",
    ...parts,
  }) as PendingEntry;

test("what the client still holds becomes what the room shows", () => {
  const statuses = [
    entry({ state: "waiting" }),
    entry({ state: "sending" }),
    entry({ state: "sent" }),
    entry({ state: "failed", code: "too_large", error: "Too long." }),
  ];
  expect(outboxOf(statuses).map(({ status }) => status)).toEqual([
    { state: "waiting" },
    { state: "sending" },
    { state: "accepted" },
    { state: "refused", reason: "Too long." },
  ]);
});

test("changes of other topics, and actions that the room does not know, are not shown", () => {
  expect(outboxOf([entry({ type: "announcements" }), entry({ action: "clear" })])).toEqual([]);
});
