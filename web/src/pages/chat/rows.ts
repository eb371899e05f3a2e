/** Turns messages into what stands in the list: day separators, and bubbles grouped by sender. */
import type { Message } from "./message";
import { MINUTE_MS } from "./moment";

/** How far a message has come. */
export type Delivery =
  | { state: "sent" }
  | { state: "waiting" }
  | { state: "deleting" }
  | { state: "refused"; reason: string };

export interface Entry {
  message: Message;
  delivery: Delivery;
}

export type Row =
  | { kind: "day"; key: string; day: number }
  | {
      kind: "message";
      key: string;
      message: Message;
      delivery: Delivery;
      mine: boolean;
      /** First and last bubble of a run by one sender. */
      first: boolean;
      last: boolean;
    };

export type MessageRowData = Extract<Row, { kind: "message" }>;

/** A pause longer than this starts a new run of bubbles. */
const RUN_PAUSE_MS_MAX = 5 * MINUTE_MS;

/**
 * Rows in the order of the entries, which is the order of the topic. The day only moves forward: a message whose day is
 * unknown, or earlier than one before it (a wrong clock, or sent late from a phone), stays under the day it stands in.
 */
export function buildRows(entries: readonly Entry[], myId: string): Row[] {
  const rows: Row[] = [];
  let day = Number.NEGATIVE_INFINITY;
  let previous: MessageRowData | null = null;
  for (const { message, delivery } of entries) {
    const ownDay = message.day ?? day;
    if (ownDay > day) {
      day = ownDay;
      rows.push({ kind: "day", key: `day:${day}`, day });
      previous = null;
    }
    const first: boolean = previous === null || !sameRun(previous.message, message);
    if (previous !== null && !first) previous.last = false;
    const mine = message.senderId !== "" && message.senderId === myId;
    previous = { kind: "message", key: message.key, message, delivery, mine, first, last: true };
    rows.push(previous);
  }
  return rows;
}

function sameRun(before: Message, after: Message): boolean {
  if (before.senderId !== after.senderId || before.senderName !== after.senderName) return false;
  if (before.instant === null || after.instant === null) return true;
  return Math.abs(after.instant - before.instant) <= RUN_PAUSE_MS_MAX;
}
