/**
 * What was pushed and is not acknowledged yet, in storage before it is sent, so that a reload or a crash loses nothing.
 * Each entry has a storage key of its own: tabs that add and remove at the same time cannot overwrite one another.
 * The names sort by time, and that is the order of sending.
 */
import type { FailedEvent, PendingEntry, PendingProgress } from "./api.ts";
import type { ListableStorage, StorageChange } from "./environment.ts";
import type { Who } from "./identity.ts";
import { OUTBOX_FAILED_MAX } from "./limits.ts";
import { parseJson } from "./stored-meta.ts";
import { idOf, isObject } from "./topic-fold.ts";
import type { Action, ItemId, PushAck } from "./wire-types.ts";

export const OUTBOX_PREFIX = "tidings:outbox:";

export interface OutboxEntry {
  /** The storage key. */
  readonly name: string;
  /** Whose it is: it never goes out under another person's token. */
  readonly who: Who;
  readonly key: string;
  readonly type: string;
  readonly action: Action;
  readonly data: unknown;
  readonly at: number;
  readonly stored: boolean;
  readonly failure: { readonly code: string; readonly error: string } | null;
}

/** How an entry ended, as another tab tells it. */
export type Outcome =
  | { readonly kind: "acked"; readonly ack: PushAck }
  | { readonly kind: "failed"; readonly failure: { readonly code: string; readonly error: string } }
  | { readonly kind: "discarded" };

export type NewEntry = Pick<OutboxEntry, "who" | "key" | "type" | "action" | "data" | "at">;

export class Outbox {
  readonly #storage: ListableStorage;
  /** All entries of this storage by name, as last read or written. */
  readonly #entries = new Map<string, OutboxEntry>();
  /** The stored text of each, to read anew only what has changed. */
  readonly #raws = new Map<string, string>();
  #ordered: readonly OutboxEntry[] | null = null;
  /** Removed here; one that storage still shows for a moment is not sent again. */
  readonly #ended = new Set<string>();
  #lastStamp = 0;

  constructor(storage: ListableStorage) {
    this.#storage = storage;
    this.reload();
  }

  /** Reads what the tabs have stored; entries that could not be stored stay in memory. */
  reload(): void {
    const names = new Set(this.#storage.keys(OUTBOX_PREFIX));
    for (const { name, stored } of this.#entries.values()) if (stored && !names.has(name)) this.#forget(name);
    for (const name of this.#ended) if (!names.has(name)) this.#ended.delete(name);
    for (const name of names) this.#read(name);
  }

  #read(name: string): void {
    const raw = this.#ended.has(name) ? null : this.#storage.getItem(name);
    if (raw === null || raw === this.#raws.get(name)) return;
    const entry = readEntry(name, parseJson(raw));
    if (entry === null) return;
    this.#keep(entry, raw);
    this.#lastStamp = Math.max(this.#lastStamp, stampOf(name));
  }

  #keep(entry: OutboxEntry, raw: string | null): void {
    this.#entries.set(entry.name, entry);
    if (raw === null) this.#raws.delete(entry.name);
    else this.#raws.set(entry.name, raw);
    this.#ordered = null;
  }

  #forget(name: string): void {
    this.#entries.delete(name);
    this.#raws.delete(name);
    this.#ordered = null;
  }

  /** Oldest first. */
  entriesOf(who: Who): readonly OutboxEntry[] {
    this.#ordered ??= [...this.#entries.values()].sort((one, two) => (one.name < two.name ? -1 : 1));
    return this.#ordered.filter((entry) => entry.who === who);
  }

  holds(entry: OutboxEntry): boolean {
    return this.#entries.has(entry.name);
  }

  /** The next one to send. */
  next(who: Who): OutboxEntry | null {
    return this.entriesOf(who).find((entry) => entry.failure === null) ?? null;
  }

  find(who: Who, key: string): OutboxEntry | null {
    return this.entriesOf(who).find((entry) => entry.key === key) ?? null;
  }

  /** Whether an add of this item is on its way, or failed and kept. */
  holdsAdd(topic: string, id: ItemId): boolean {
    for (const { action, type, data } of this.#entries.values()) {
      if (action === "add" && type === topic && idOf(data) === id) return true;
    }
    return false;
  }

  add(entry: NewEntry): OutboxEntry {
    this.#lastStamp = Math.max(this.#lastStamp + 1, Math.floor(entry.at) * STAMPS_PER_MS);
    const name = OUTBOX_PREFIX + this.#lastStamp.toString(36).padStart(STAMP_DIGITS, "0") + entry.key.slice(0, 8);
    return this.#write({ ...entry, name, stored: true, failure: null });
  }

  acked(entry: OutboxEntry, ack: PushAck): void {
    this.#remove(entry, { acked: ack });
  }

  discard(entry: OutboxEntry): void {
    this.#remove(entry, { discarded: true });
  }

  /** Keeps a finally refused entry for the page to decide; of too many the oldest goes. */
  fail(entry: OutboxEntry, code: string, error: string): OutboxEntry {
    const failed = this.#write({ ...entry, failure: { code, error } });
    const failures = this.entriesOf(entry.who).filter(({ failure }) => failure !== null);
    for (const oldest of failures.slice(0, -OUTBOX_FAILED_MAX)) this.discard(oldest);
    return failed;
  }

  retry(entry: OutboxEntry): void {
    this.#write({ ...entry, failure: null });
  }

  /** Takes note of another tab's write under this name; tells how the entry ended, if it did. */
  noteChange(name: string, { oldValue, newValue }: StorageChange): Outcome | null {
    if (newValue === null) {
      this.#forget(name);
      return verdictOf(parseJson(oldValue));
    }
    this.#read(name);
    const failure = this.#entries.get(name)?.failure ?? null;
    return failure ? { kind: "failed", failure } : null;
  }

  /** Makes an entry of this tab count again after it vanished from storage without a verdict. */
  keepInMemory(entry: OutboxEntry): void {
    this.#keep({ ...entry, stored: false }, null);
  }

  #write(entry: OutboxEntry): OutboxEntry {
    const { name, stored: _, ...rest } = entry;
    const raw = JSON.stringify(rest);
    try {
      this.#storage.setItem(name, raw);
      this.#keep(entry, raw);
      return entry;
    } catch {
      const unstored = { ...entry, stored: false };
      this.#keep(unstored, null);
      return unstored;
    }
  }

  /** Writes the verdict, which is shorter than the entry, and removes it: the other tabs read it in the old value. */
  #remove(entry: OutboxEntry, verdict: { readonly acked: PushAck } | { readonly discarded: true }): void {
    this.#forget(entry.name);
    if (!entry.stored) return;
    this.#ended.add(entry.name);
    try {
      this.#storage.setItem(entry.name, JSON.stringify(verdict));
    } catch {
      // Then the tab that pushed it sends it again with the same key and gets the same receipt.
    }
    this.#storage.removeItem(entry.name);
  }
}

/** Several pushes in one millisecond keep their order. */
const STAMPS_PER_MS = 1_000;
/** Enough base-36 digits for the microseconds of some centuries. */
const STAMP_DIGITS = 11;

function stampOf(name: string): number {
  const stamp = Number.parseInt(name.slice(OUTBOX_PREFIX.length, OUTBOX_PREFIX.length + STAMP_DIGITS), 36);
  return Number.isSafeInteger(stamp) ? stamp : 0;
}

/** An entry that went without a verdict (the page emptied the storage) has not ended. */
function verdictOf(last: unknown): Outcome | null {
  if (!isObject(last)) return null;
  if (last["discarded"] === true) return { kind: "discarded" };
  const ack = last["acked"];
  return isObject(ack) ? { kind: "acked", ack: ack as unknown as PushAck } : null;
}

const ACTIONS: ReadonlySet<unknown> = new Set<Action>(["add", "update", "patch", "delete", "clear"]);

export function isAction(value: unknown): value is Action {
  return ACTIONS.has(value);
}

function readEntry(name: string, value: unknown): OutboxEntry | null {
  if (!isObject(value)) return null;
  const { who, key, type, action, data, at, failure } = value as Record<string, unknown>;
  if (typeof who !== "string" || typeof key !== "string" || typeof type !== "string") return null;
  if (!isAction(action) || typeof at !== "number") return null;
  return { name, who, key, type, action, data, at, stored: true, failure: readFailure(failure) };
}

function readFailure(value: unknown): OutboxEntry["failure"] {
  if (!isObject(value)) return null;
  const { code, error } = value as Record<string, unknown>;
  return typeof code === "string" && typeof error === "string" ? { code, error } : null;
}

/** How the page sees an entry. */
export function asPending(entry: OutboxEntry, progress: PendingProgress): PendingEntry {
  const { key, type, action, data, at, stored } = entry;
  return { key, type, action, data, at, stored, ...progress };
}

export function asFailedEvent(entry: OutboxEntry, code: string, error: string): FailedEvent {
  return { entry: asPending(entry, { state: "failed", code, error }), code, error };
}
