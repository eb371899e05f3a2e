/**
 * Keeps the replica in storage: each topic as JSON under its own name, where pages look for it, and the record of
 * `stored-meta.ts` beside them. Several tabs write the same keys; a tab writes whole lists from its own memory, and
 * only when storage is not ahead of it. It never writes over a value that is not a list or an object of this kind.
 */
import type { ListableStorage, StorageChange, Timers } from "./environment.ts";
import { fingerprint } from "./fingerprint.ts";
import { isAnonymous, type Who } from "./identity.ts";
import { REPAIR_MS, RESERVED_KEYS, TAKEOVER_MS } from "./limits.ts";
import { type QuotaParts, type StoredList, serialised, writeWithinQuota } from "./quota.ts";
import type { Replica } from "./replica.ts";
import { META_KEY, parseJson, readMeta, type StoredMeta, type StoredTopic, writeMeta } from "./stored-meta.ts";
import { isItem, isObject, isTopicValue } from "./topic-fold.ts";
import type { Item, ItemId, JsonObject } from "./wire-types.ts";

interface Written {
  readonly raw: string;
  readonly print: string;
}

export interface ReplicaStoreParts {
  readonly storage: ListableStorage;
  readonly timers: Timers;
  readonly replica: Replica;
  /** Whether an add of this item still waits in the outbox. */
  readonly isUnsent: (topic: string, id: ItemId) => boolean;
  /** Called each time storage turns out to be full. */
  readonly onFull: () => void;
}

export class ReplicaStore {
  readonly #parts: ReplicaStoreParts;
  #who: Who = "";
  /** What lies under our names, as far as this tab wrote or read it. */
  readonly #written = new Map<string, Written>();
  readonly #lists = new Map<string, StoredList>();
  /** Items that the page itself put into a list and that are still on their way. */
  readonly #extras = new Map<string, readonly Item[]>();
  readonly #foreign = new Set<string>();
  readonly #dirty = new Set<string>();
  #metaRaw: string | null = null;
  #cancelTakeover: (() => void) | null = null;
  #cancelRepair: (() => void) | null = null;
  readonly #quotaParts: QuotaParts;

  constructor(parts: ReplicaStoreParts) {
    this.#parts = parts;
    this.#quotaParts = {
      lists: () => this.#lists.values(),
      store: (list) => this.#put(list.topic, serialised(list)),
      onFull: parts.onFull,
    };
  }

  /** Fills the replica from storage, for this person. Another person's lists are removed. */
  load(who: Who): void {
    const { storage, replica } = this.#parts;
    this.#forget(who);
    const raw = storage.getItem(META_KEY);
    const meta = readMeta(raw);
    if (meta === null || (meta.who !== who && !isAnonymous(meta.who))) {
      if (meta) this.#wipe(meta);
      replica.load(new Map(), new Map(), null);
      return;
    }
    this.#metaRaw = raw;
    this.#loadTopics(meta, meta.who === who ? meta.cursor : null);
  }

  /** The cursor counts only when every list is just what was written beside it. */
  #loadTopics(meta: StoredMeta, cursor: string | null): void {
    const topics = new Map<string, readonly unknown[] | JsonObject>();
    const local = new Map<string, readonly Item[]>();
    const isTrusted = cursor !== null && meta.topics.every((topic) => this.#isAsWritten(topic));
    for (const { name, localItems } of meta.topics) {
      const raw = this.#parts.storage.getItem(name);
      const value = parseJson(raw);
      if (raw === null || !isTopicValue(value)) continue;
      this.#written.set(name, { raw, print: fingerprint(raw) });
      topics.set(name, Array.isArray(value) && !isTrusted ? this.#withoutExtras(name, value) : value);
      if (Array.isArray(value)) local.set(name, value.slice(0, localItems).filter(isItem));
    }
    this.#parts.replica.load(topics, local, isTrusted ? cursor : null);
  }

  #isAsWritten({ name, fingerprint: print }: StoredTopic): boolean {
    const raw = this.#parts.storage.getItem(name);
    return raw !== null && fingerprint(raw) === print;
  }

  /** A list that the page kept under this name before the server knew the topic; it stays, in front. */
  adopt(topic: string): readonly Item[] {
    if (!isStorable(topic) || this.#written.has(topic)) return [];
    const value = parseJson(this.#parts.storage.getItem(topic));
    if (!Array.isArray(value) || !value.every(isItem)) return [];
    // What another tab has recorded is the server's, but for as many at the front as its record counts.
    const recorded = readMeta(this.#parts.storage.getItem(META_KEY))?.topics.find(({ name }) => name === topic);
    return this.#withoutExtras(topic, recorded ? value.slice(0, recorded.localItems) : value);
  }

  /** Writes these topics and the record, unless another tab is ahead. */
  save(changed: Iterable<string>): void {
    for (const topic of changed) this.#dirty.add(topic);
    if (this.#mustWaitForOthers()) return;
    for (const topic of this.#dirty) this.#writeTopic(topic);
    this.#dirty.clear();
    this.#writeRecord();
  }

  /** Another tab wrote: when it is behind this one, or left a list short, storage is put right again. */
  noteChange({ key, newValue }: StorageChange): void {
    if (key === null || newValue === null) return;
    const behind = key === META_KEY && newValue !== this.#metaRaw && !this.#isAhead(newValue);
    const short = this.#lists.has(key) && this.#lacksItems(key, newValue);
    if (short) this.#dirty.add(key);
    if (!behind && !short) return;
    this.#cancelRepair ??= this.#parts.timers.after(REPAIR_MS, () => {
      this.#cancelRepair = null;
      this.save([]);
    });
  }

  stop(): void {
    this.#cancelTakeover?.();
    this.#cancelRepair?.();
    this.#cancelTakeover = null;
    this.#cancelRepair = null;
  }

  #forget(who: Who): void {
    this.stop();
    this.#who = who;
    this.#metaRaw = null;
    for (const memory of [this.#written, this.#lists, this.#extras, this.#foreign, this.#dirty]) memory.clear();
  }

  #wipe(meta: StoredMeta): void {
    this.#parts.storage.removeItem(META_KEY);
    for (const { name } of meta.topics) this.#parts.storage.removeItem(name);
  }

  #mustWaitForOthers(): boolean {
    const raw = this.#parts.storage.getItem(META_KEY);
    if (raw === this.#metaRaw) return false;
    if (this.#isAhead(raw)) {
      this.#cancelTakeover ??= this.#parts.timers.after(TAKEOVER_MS, () => this.#takeOver(raw));
      return true;
    }
    this.#markAllDirty();
    return false;
  }

  /** The other tab either goes on writing, or it is gone and this tab goes on alone from its own place. */
  #takeOver(raw: string | null): void {
    this.#cancelTakeover = null;
    const { storage, replica } = this.#parts;
    const isSilent = storage.getItem(META_KEY) === raw && readMeta(raw)?.who === this.#who;
    if (isSilent && replica.complete) {
      this.#metaRaw = raw;
      this.#markAllDirty();
    }
    this.save([]);
  }

  /** Another tab has written, so what lies in storage is no longer known: every list is compared. */
  #markAllDirty(): void {
    for (const topic of this.#parts.replica.topicNames) this.#dirty.add(topic);
  }

  /** Whether the record tells of changes that this tab has not passed, or belongs to somebody else. */
  #isAhead(raw: string | null): boolean {
    const meta = readMeta(raw);
    if (meta === null) return false;
    if (meta.who !== this.#who) return !isAnonymous(meta.who);
    if (meta.cursor === null) return false;
    return !this.#parts.replica.complete || !this.#parts.replica.hasPassed(meta.cursor);
  }

  #writeTopic(topic: string): void {
    if (!isStorable(topic) || this.#foreign.has(topic)) return;
    const present = this.#parts.storage.getItem(topic);
    const state = this.#parts.replica.topic(topic);
    if (state.kind === "unknown") return this.#removeTopic(topic);
    if (!this.#written.has(topic) && isOfAnotherKind(present, state.kind)) {
      this.#foreign.add(topic);
      return;
    }
    if (state.kind === "document") {
      this.#lists.delete(topic);
      this.#tryWrite(topic, () => this.#put(topic, JSON.stringify(state.value)));
      return;
    }
    const items = [...state.items, ...this.#extrasOf(topic, present)];
    const omitted = this.#lists.get(topic)?.omitted ?? 0;
    const list: StoredList = { topic, items, omitted: omitted <= items.length ? omitted : 0 };
    this.#lists.set(topic, list);
    this.#tryWrite(topic, () => this.#put(topic, serialised(list)));
  }

  #put(topic: string, raw: string): void {
    if (raw !== this.#parts.storage.getItem(topic)) this.#parts.storage.setItem(topic, raw);
    this.#written.set(topic, { raw, print: fingerprint(raw) });
  }

  /** What could not be written is not claimed either. */
  #tryWrite(key: string, write: () => void): boolean {
    const done = writeWithinQuota(this.#quotaParts, write);
    if (!done) this.#written.delete(key);
    return done;
  }

  #removeTopic(topic: string): void {
    if (this.#written.delete(topic)) this.#parts.storage.removeItem(topic);
    this.#lists.delete(topic);
  }

  /** Items the page wrote into the list by itself: kept while their add waits in the outbox. */
  #extrasOf(topic: string, present: string | null): readonly Item[] {
    const known = present === this.#written.get(topic)?.raw ? null : parseJson(present);
    const candidates = Array.isArray(known) ? known.filter(isItem) : (this.#extras.get(topic) ?? []);
    const { replica, isUnsent } = this.#parts;
    const extras = candidates.filter(({ id }) => isUnsent(topic, id) && !replica.hasItem(topic, id));
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

  #lacksItems(topic: string, raw: string | null): boolean {
    if (raw === this.#written.get(topic)?.raw) return false;
    const value = parseJson(raw);
    const ids = new Set<unknown>(Array.isArray(value) ? value.filter(isItem).map((item) => item.id) : []);
    const list = this.#lists.get(topic);
    return list?.items.slice(list.omitted).some((item) => isItem(item) && !ids.has(item.id)) ?? false;
  }

  #writeRecord(): void {
    const done = this.#tryWrite(META_KEY, () => {
      const raw = this.#record();
      if (raw !== this.#metaRaw) this.#parts.storage.setItem(META_KEY, raw);
      this.#metaRaw = raw;
    });
    if (done) return;
    // Without room for the record there is nothing that may be trusted.
    this.#parts.storage.removeItem(META_KEY);
    this.#metaRaw = null;
  }

  #record(): string {
    const { replica } = this.#parts;
    const topics = [...this.#written].map(([name, { print }]) => {
      return { name, fingerprint: print, localItems: replica.localItems(name) };
    });
    return writeMeta({ who: this.#who, cursor: this.#isWhole() ? replica.cursor : null, topics });
  }

  /** Whether what is stored is everything, and nothing but, what the server held at the cursor. */
  #isWhole(): boolean {
    const { replica } = this.#parts;
    if (!replica.complete) return false;
    for (const topic of replica.topicNames) if (!this.#written.has(topic)) return false;
    for (const list of this.#lists.values()) if (list.omitted > 0) return false;
    for (const extras of this.#extras.values()) if (extras.length > 0) return false;
    return true;
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
