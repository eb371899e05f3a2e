/**
 * The public face: what a page calls and what it is told. The implementation is `service.ts`.
 */
import type { Socket } from "socket.io-client";
import type {
  Item,
  JsonObject,
  Presence,
  PublicUser,
  PushAck,
  PushRequest,
  SyncState,
  SyncUpdate,
} from "./wire-types.ts";

/** What the connection is doing; never two of these at once. */
export type ConnectionState =
  /** `connect()` was not called, or `disconnect()` was. */
  | { readonly phase: "idle" }
  | { readonly phase: "connecting" }
  | {
      readonly phase: "connected";
      /** False when what was missed could not be replayed and a snapshot was taken instead. */
      readonly resumed: boolean;
      readonly user: PublicUser | null;
      readonly clients: number;
    }
  /** Lost; it tries again by itself. */
  | { readonly phase: "offline"; readonly reason: string }
  /** The server said a final no (a revoked token); it tries again when the token changes. */
  | { readonly phase: "refused"; readonly code: string; readonly message: string };

/** What is known of one topic here. */
export type TopicState =
  | { readonly kind: "unknown" }
  | { readonly kind: "list"; readonly items: readonly Item[] }
  | { readonly kind: "document"; readonly value: JsonObject };

/** Where an unsent entry stands. */
export type PendingProgress =
  | { readonly state: "waiting" }
  | { readonly state: "sending" }
  /** Acknowledged; its `sync_update` has not come round yet. */
  | { readonly state: "sent" }
  /** Finally refused; it stays until `retry()` or `discard()`. */
  | { readonly state: "failed"; readonly code: string; readonly error: string };

export type PendingEntry = PendingProgress & {
  /** The idempotency key, and the name for `retry()` and `discard()`. */
  readonly key: string;
  readonly type: string;
  readonly action: PushRequest["action"];
  readonly data: unknown;
  /** When the page pushed it, in ms. */
  readonly at: number;
  /** False when storage was full: this entry would not survive a reload. */
  readonly stored: boolean;
};

export interface FailedEvent {
  readonly entry: PendingEntry;
  readonly code: string;
  readonly error: string;
}

/** Every event with what its listeners are called with. */
export interface ServiceEvents {
  connected: { readonly connected: true };
  disconnected: { readonly connected: false };
  sync_update: SyncUpdate;
  /** Any change of `connection()`. */
  connection: ConnectionState;
  /** The topics whose state has just changed, by an update or by a snapshot. */
  topics: readonly string[];
  pending: readonly PendingEntry[];
  failed: FailedEvent;
  /** Null while not connected. */
  presence: Presence | null;
}

export type EventName = keyof ServiceEvents;
export type Listener<E extends EventName> = (event: ServiceEvents[E]) => void;

export interface WebsocketService {
  /** Connects, and stays connected for as long as the page lives. Calling it again is harmless. */
  connect(): void;
  disconnect(): void;
  isConnected(): boolean;
  /** The socket.io socket, or null before `connect()`. Do not emit on it what `pushUpdate` can do. */
  getSocket(): Socket | null;
  /**
   * Stores the change, sends it when there is a connection, and resolves with the receipt. Rejects with a
   * `TidingsError` without a token and on a final no.
   */
  pushUpdate(update: PushRequest): Promise<PushAck>;
  /** Fetches the present state, merges it into the stored lists and resolves to it. */
  pullFromServer(): Promise<SyncState>;
  /** Returns the function that removes it again. */
  addListener<E extends EventName>(event: E, listener: Listener<E>): () => void;
  removeListener<E extends EventName>(event: E, listener: Listener<E>): void;

  connection(): ConnectionState;
  /** The same object until something in the topic changes. */
  topic(name: string): TopicState;
  /** Whether everything the server holds is here; false after a gap, or after storage was too small, until a snapshot. */
  isComplete(): boolean;
  /** What has not come back from the server yet, oldest first; the same array until it changes. */
  pending(): readonly PendingEntry[];
  /** Sends a failed entry again, with its old key. */
  retry(key: string): void;
  /** Forgets an unsent or failed entry. One that is being sent may still arrive. */
  discard(key: string): void;
  /** Who is here; null while not connected or before the first answer. Listening to `presence` asks for it. */
  presence(): Presence | null;
}
