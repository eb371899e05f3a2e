/**
 * The topics in storage: each as JSON under its own name, where pages look for it. Lists are written whole, from
 * memory, and cut where storage is full. A value that is not a list or an object of this kind is never written over.
 */
import type { ListableStorage } from "./environment.ts";
import { fingerprint } from "./fingerprint.ts";
import { RESERVED_KEYS } from "./limits.ts";
import { type ListText, listText } from "./list-text.ts";
import { keptItems, type QuotaParts, type StoredList, writeWithinQuota } from "./quota.ts";
import type { Replica } from "./replica.ts";
import { parseJson, type StoredTopic } from "./stored-meta.ts";
import { isItem, isObject, isTopicValue } from "./topic-fold.ts";
import type { Item, ItemId, JsonObject } from "./wire-types.ts";

/** What lies under a name, as far as this tab wrote or read it. */
interface Written {
  readonly raw: string;
  readonly fingerprint: string;
  readonly text: ListText | null;
}

export interface StoredTopicsParts {
  readonly storage: ListableStorage;
  readonly replica: Replica;
  /** Whether an add of this item still waits in the outbox. */
  readonly isUnsent: (topic: string, id: ItemId) => boolean;
  /** Called each time storage turns out to be full. */
  readonly onFull: () => void;
}

export class StoredTopics {
  readonly #parts: StoredTopicsParts;
  readonly #quotaParts: QuotaParts;
  readonly #written = new Map<string, Written>();
  readonly #lists = new Map<string, StoredList>();
  /** Items that the page itself put into a list and that are still on their way. */
  readonly #extras = new Map<string, readonly Item[]>();
  /** Names under which the page keeps something else. */
  readonly #foreign = new Set<string>();

  constructor(parts: StoredTopicsParts) {
    this.#parts = parts;
    this.#quotaParts = {
      lists: () => this.#lists.values(),
      store: (list) => this.#putList(list),
      onFull: parts.onFull,
    };
  }

  forget(): void {
    for (const memory of [this.#written, this.#lists, this.#extras, this.#foreign]) memory.clear();
  }

  /** Fills the replica. The cursor counts only when every list is just what was recorded. */
  load(topics: readonly StoredTopic[], cursor: string | null): void {
    const values = new Map<string, readonly unknown[] | JsonObject>();
    const local = new Map<string, readonly Item[]>();
    const asRecorded = topics.filter((topic) => this.#read(topic) === topic.fingerprint);
    const isTrusted = cursor !== null && asRecorded.length === topics.length;
    for (const { name, localItems } of topics) {
      const value = parseJson(this.#written.get(name)?.raw ?? null);
      if (!isTopicValue(value)) continue;
      values.set(name, Array.isArray(value) && !isTrusted ? this.#withoutExtras(name, value) : value);
      if (Array.isArray(value)) local.set(name, value.slice(0, localItems).filter(isItem));
    }
    this.#parts.replica.load(values, local, isTrusted ? cursor : null);
  }

  #read({ name }: StoredTopic): string | null {
    const raw = this.#parts.storage.getItem(name);
    if (raw === null) return null;
    const print = fingerprint(raw);
    this.#written.set(name, { raw, fingerprint: print, text: null });
    return print;
  }

  /** A list that the page kept under this name before the server knew the topic. `recorded`: what is ours of it. */
  adopt(topic: string, recorded: () => StoredTopic | null): readonly Item[] {
    if (!isStorable(topic) || this.#written.has(topic)) return [];
    const value = parseJson(this.#parts.storage.getItem(topic));
    if (!Array.isArray(value) || !value.every(isItem)) return [];
    // What another tab has recorded is the server's, but for as many at the front as its record counts.
    const ours = recorded();
    return this.#withoutExtras(topic, ours ? value.slice(0, ours.localItems) : value);
  }

  write(topic: string): void {
    if (!isStorable(topic) || this.#foreign.has(topic)) return;
    const present = this.#parts.storage.getItem(topic);
    const state = this.#parts.replica.topic(topic);
    if (state.kind === "unknown") return this.#remove(topic);
    if (!this.#written.has(topic) && isOfAnotherKind(present, state.kind)) {
      this.#foreign.add(topic);
      return;
    }
    if (state.kind === "document") this.#writeDocument(topic, state.value);
    else this.#writeList(topic, [...state.items, ...this.#extrasOf(topic, present)]);
  }

  #writeDocument(topic: string, value: JsonObject): void {
    this.#lists.delete(topic);
    this.#orForget(topic, () => {
      const raw = JSON.stringify(value);
      this.#put(topic, { raw, fingerprint: fingerprint(raw), text: null });
    });
  }

  #writeList(topic: string, items: readonly Item[]): void {
    const omitted = this.#lists.get(topic)?.omitted ?? 0;
    const list: StoredList = { topic, items, omitted: omitted <= items.length ? omitted : 0 };
    this.#lists.set(topic, list);
    this.#orForget(topic, () => this.#putList(list));
  }

  #putList(list: StoredList): void {
    const text = listText(keptItems(list), this.#written.get(list.topic)?.text ?? null);
    this.#put(list.topic, { raw: text.raw, fingerprint: text.fingerprint, text });
  }

  #put(topic: string, written: Written): void {
    const { storage } = this.#parts;
    if (written.raw !== storage.getItem(topic)) storage.setItem(topic, written.raw);
    this.#written.set(topic, written);
  }

  /** What could not be written is not claimed either. */
  #orForget(topic: string, write: () => void): void {
    if (!this.writeWithinQuota(write)) this.#written.delete(topic);
  }

  /** Cuts lists until the write succeeds; false when it does not even so. */
  writeWithinQuota(write: () => void): boolean {
    return writeWithinQuota(this.#quotaParts, write);
  }

  #remove(topic: string): void {
    if (this.#written.delete(topic)) this.#parts.storage.removeItem(topic);
    this.#lists.delete(topic);
  }

  /** What is stored, for the record. */
  recorded(): StoredTopic[] {
    const { replica } = this.#parts;
    return [...this.#written].map(([name, written]) => {
      return { name, fingerprint: written.fingerprint, localItems: replica.localItems(name) };
    });
  }

  /** Whether what is stored is everything, and nothing but, what the replica holds. */
  isWhole(): boolean {
    for (const topic of this.#parts.replica.topicNames) if (!this.#written.has(topic)) return false;
    for (const list of this.#lists.values()) if (list.omitted > 0) return false;
    for (const extras of this.#extras.values()) if (extras.length > 0) return false;
    return true;
  }

  /** Whether this text, that somebody else stored, is a list without items that this tab has. */
  lacksItems(topic: string, raw: string): boolean {
    const list = this.#lists.get(topic);
    // A longer text lacks nothing, as a rule, and lists are too long to be read for every change.
    if (list === undefined || raw.length >= (this.#written.get(topic)?.raw.length ?? 0)) return false;
    const value = parseJson(raw);
    const ids = new Set<unknown>(Array.isArray(value) ? value.filter(isItem).map((item) => item.id) : []);
    return keptItems(list).some((item) => isItem(item) && !ids.has(item.id));
  }

  /** Items the page wrote into the list by itself: kept while their add waits in the outbox. */
  #extrasOf(topic: string, present: string | null): readonly Item[] {
    const known = present === this.#written.get(topic)?.raw ? null : parseJson(present);
    const candidates = Array.isArray(known) ? known.filter(isItem) : (this.#extras.get(topic) ?? []);
    const { replica, isUnsent } = this.#parts;
    const extras = candidates.filter(({ id }) => !replica.hasItem(topic, id) && isUnsent(topic, id));
    this.#extras.set(topic, extras);
    return extras;
  }

  /** Takes the page's own unsent items out of a stored list, and remembers them. */
  #withoutExtras(topic: string, values: readonly unknown[]): readonly Item[] {
    const items = values.filter(isItem);
    const extras = items.filter(({ id }) => this.#parts.isUnsent(topic, id));
    this.#extras.set(topic, extras);
    return items.filter((item) => !extras.includes(item));
  }
}

/** A name that no record of ours and no page's session uses; the pattern is the server's own for topics. */
function isStorable(topic: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(topic) && !RESERVED_KEYS.has(topic);
}

function isOfAnotherKind(raw: string | null, kind: "list" | "document"): boolean {
  if (raw === null) return false;
  const value = parseJson(raw);
  return kind === "document" ? !isObject(value) : !Array.isArray(value) || !value.every(isItem);
}
