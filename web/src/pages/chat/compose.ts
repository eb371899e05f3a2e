/** Makes the item that a message of ours is pushed as. */
import type { Person } from "../../session/session";
import type { ItemId } from "./message";
import { clockText } from "./moment";

export interface NewMessage {
  id: string;
  userId: string;
  senderName: string;
  content: string;
  /** Display text, for apps that show it as it is. */
  timestamp: string;
  /** The instant, for this page: display text does not tell the day. */
  sentAt: string;
  replyTo?: ItemId;
}

/** Sorts by time, and its random part keeps two windows apart. */
export function newId(nowMs: number): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  const tail = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `m-${nowMs.toString(36)}-${tail}`;
}

export function newMessage(me: Person, content: string, replyTo: ItemId | null, nowMs: number): NewMessage {
  return {
    id: newId(nowMs),
    userId: me.id,
    senderName: me.name,
    content,
    timestamp: clockText(nowMs),
    sentAt: new Date(nowMs).toISOString(),
    ...(replyTo === null ? {} : { replyTo }),
  };
}
