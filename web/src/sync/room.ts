/** What the page needs from whatever keeps it in step. `use-room.ts` provides it from the `tidings` client. */

import type { Store } from "../session/window-storage";

export type Connection =
  | { state: "online" }
  | { state: "connecting" }
  | { state: "offline"; reason: string }
  /** The server ended the session for good (token expired or revoked): nothing reconnects until somebody signs in. */
  | { state: "ended"; reason: string };

export interface PresentPerson {
  id: string;
  name: string;
}

export interface Presence {
  /** Open windows, this one included. */
  windows: number;
  people: readonly PresentPerson[];
}

export type ChangeAction = "add" | "delete";

export type OutgoingStatus =
  | { state: "waiting" }
  /** On its way; it may arrive even if it is discarded now. */
  | { state: "sending" }
  /** Durable at the server, and about to come round with the items. */
  | { state: "accepted" }
  /** Finally; it stays until `retry` or `discard`. */
  | { state: "refused"; reason: string };

/** A change of ours that is not among the items yet. */
export interface Outgoing {
  /** Its idempotency key. */
  key: string;
  action: ChangeAction;
  data: unknown;
  status: OutgoingStatus;
}

/** Follows the room as the person that the token names. Tests bring their own. */
export type UseRoom = (token: string, storage: Store) => Room;

export interface Room {
  /** The items of the topic, oldest first, exactly as the server holds them. */
  items: readonly unknown[];
  /** False until the state is known from the server or from an earlier visit. */
  loaded: boolean;
  connection: Connection;
  /** Null while nobody can tell. */
  presence: Presence | null;
  outbox: readonly Outgoing[];
  /** Commit time in ms of the items whose arrival this page has seen, by message key. */
  committedAt: ReadonlyMap<string, number>;
  push: (action: ChangeAction, data: object) => void;
  /** Sends a refused change once more. */
  retry: (key: string) => void;
  /** Forgets a change that waits or was refused. */
  discard: (key: string) => void;
}
