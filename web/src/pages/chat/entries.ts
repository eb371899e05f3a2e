/**
 * Lays our own unaccepted changes over the items of the topic: unsent messages stand at the end, marked; a message whose
 * deletion is on its way is marked too. What the server has accepted shows as the server holds it.
 */
import type { Outgoing, OutgoingStatus, Room } from "../../sync/room";
import { isItemId, keyOf, type Message, readMessage } from "./message";
import type { Delivery, Entry } from "./rows";

export interface EntryReader {
  read: (room: Pick<Room, "items" | "outbox" | "committedAt">) => Entry[];
}

/** Keeps what it has read, by the identity of the item, so that a new message costs one reading and not ten thousand. */
export function entryReader(base: string, now: () => number): EntryReader {
  const known = new WeakMap<object, Message | null>();

  const message = (item: unknown, committedAt: ReadonlyMap<string, number>): Message | null => {
    if (item === null || typeof item !== "object") return null;
    const before = known.get(item);
    // Only a message without an instant can gain one, when its commit time becomes known.
    if (before === null || (before !== undefined && (before.instant !== null || !committedAt.has(before.key))))
      return before;
    const read = readMessage(item, now(), base, timeOf(item, committedAt));
    known.set(item, read);
    return read;
  };

  return {
    read({ items, outbox, committedAt }) {
      const deliveries = deliveriesOf(outbox);
      const entries: Entry[] = [];
      const here = new Set<string>();
      for (const item of items) {
        const read = message(item, committedAt);
        if (read === null || here.has(read.key)) continue;
        here.add(read.key);
        entries.push({ message: read, delivery: deliveries.get(read.key) ?? SENT });
      }
      for (const { action, data, status } of outbox) {
        const read = action === "add" ? message(data, committedAt) : null;
        if (read === null || here.has(read.key)) continue;
        here.add(read.key);
        entries.push({ message: read, delivery: deliveryOf(status) });
      }
      return entries;
    },
  };
}

function timeOf(item: object, committedAt: ReadonlyMap<string, number>): number | undefined {
  const { id } = item as { id?: unknown };
  return isItemId(id) ? committedAt.get(keyOf(id)) : undefined;
}

const SENT: Delivery = { state: "sent" };
const WAITING: Delivery = { state: "waiting" };
const DELETING: Delivery = { state: "deleting" };

function deliveryOf(status: OutgoingStatus): Delivery {
  switch (status.state) {
    case "accepted":
      return SENT;
    case "refused":
      return status;
    default:
      return WAITING;
  }
}

/** Deletions that wait, by message key. A refused deletion leaves the message as it is; the page says so elsewhere. */
function deliveriesOf(outbox: readonly Outgoing[]): Map<string, Delivery> {
  const deliveries = new Map<string, Delivery>();
  for (const { action, data, status } of outbox) {
    const id = (data as { id?: unknown } | null)?.id;
    if (action === "delete" && status.state !== "refused" && isItemId(id)) deliveries.set(keyOf(id), DELETING);
  }
  return deliveries;
}
