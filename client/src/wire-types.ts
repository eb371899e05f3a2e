/**
 * The words that travel: what the server sends and takes, as types. They restate docs/protocol.md and hold no code.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** `3` and `"3"` are different ids. */
export type ItemId = string | number;
export type Item = JsonObject & { readonly id: ItemId };

export type Action = "add" | "update" | "patch" | "delete" | "clear";

/** What a page pushes. `data` must survive JSON. */
export interface PushRequest {
  readonly type: string;
  readonly action: Action;
  readonly data?: unknown;
}

/** The receipt of a push; a retry gets the first one again, with `duplicate: true`. */
export interface PushAck {
  readonly success: true;
  readonly position: number;
  readonly seq: number;
  readonly cursor: string;
  readonly duplicate: boolean;
  readonly changed?: boolean;
}

/** One durable change, as the server delivers it. */
export interface SyncUpdate {
  /** The topic. */
  readonly type: string;
  readonly action: Action;
  readonly data: Json;
  /** Commit time in ms. */
  readonly timestamp: number;
  /** Who made the change; null where the server does not say, and for changes learnt from a snapshot. */
  readonly author: string | null;
  /** Place in the topic, 1, 2, 3, …; 0 for a change learnt from a snapshot. */
  readonly seq: number;
}

/** `{topic: [items], documentTopic: {…}}`, oldest item first. */
export type SyncState = { readonly [topic: string]: readonly Item[] | JsonObject };

export interface PublicUser {
  readonly id: string;
  readonly name: string;
  readonly role?: string;
}

export interface Presence {
  /** Open sockets of the space. */
  readonly clients: number;
  readonly online: readonly { readonly id: string; readonly name: string }[];
}
