/**
 * Keeps the replica in storage, where several tabs write the same keys: the topics first, then the record of
 * `stored-meta.ts` that says how far they are. A tab writes only when storage is not ahead of it, and puts storage
 * right again when a tab that was behind has written over it.
 */
import type { ListableStorage, StorageChange, Timers } from "./environment.ts";
import { mayInherit, type Who } from "./identity.ts";
import { REPAIR_MS, TAKEOVER_MS } from "./limits.ts";
import type { Replica } from "./replica.ts";
import { META_KEY, readMeta, type StoredMeta, writeMeta } from "./stored-meta.ts";
import { StoredTopics, type StoredTopicsParts } from "./stored-topics.ts";
import type { Item } from "./wire-types.ts";

export class ReplicaStore {
  readonly #storage: ListableStorage;
  readonly #timers: Timers;
  readonly #replica: Replica;
  readonly #topics: StoredTopics;
  readonly #dirty = new Set<string>();
  #who: Who = "";
  /** The record as this tab last wrote or accepted it. */
  #metaRaw: string | null = null;
  #cancelTakeover: (() => void) | null = null;
  #cancelRepair: (() => void) | null = null;

  constructor(timers: Timers, parts: StoredTopicsParts) {
    this.#timers = timers;
    this.#storage = parts.storage;
    this.#replica = parts.replica;
    this.#topics = new StoredTopics(parts);
  }

  /** Fills the replica from storage, for this person. Another person's lists are removed. */
  load(who: Who): void {
    this.#forget(who);
    const raw = this.#storage.getItem(META_KEY);
    const meta = readMeta(raw);
    if (meta !== null && mayInherit(meta.who, who)) {
      this.#metaRaw = raw;
      this.#topics.load(meta.topics, meta.who === who ? meta.cursor : null);
      return;
    }
    if (meta) this.#wipe(meta);
    this.#topics.load([], null);
  }

  #forget(who: Who): void {
    this.stop();
    this.#who = who;
    this.#metaRaw = null;
    this.#dirty.clear();
    this.#topics.forget();
  }

  #wipe(meta: StoredMeta): void {
    this.#storage.removeItem(META_KEY);
    for (const { name } of meta.topics) this.#storage.removeItem(name);
  }

  /** A list that the page kept under this name before the server knew the topic; it stays, in front. */
  adopt(topic: string): readonly Item[] {
    const recorded = () => readMeta(this.#storage.getItem(META_KEY))?.topics.find(({ name }) => name === topic) ?? null;
    return this.#topics.adopt(topic, recorded);
  }

  /** Writes these topics and the record, unless another tab is ahead. */
  save(changed: Iterable<string>): void {
    for (const topic of changed) this.#dirty.add(topic);
    if (this.#mustWaitForOthers()) return;
    for (const topic of this.#dirty) this.#topics.write(topic);
    this.#dirty.clear();
    this.#writeRecord();
  }

  /** Another tab wrote: when it is behind this one, or left a list short, storage is put right again. */
  noteChange({ key, newValue }: StorageChange): void {
    if (key === null || newValue === null) return;
    const behind = key === META_KEY && newValue !== this.#metaRaw && !this.#isAhead(newValue);
    const short = this.#topics.lacksItems(key, newValue);
    if (short) this.#dirty.add(key);
    if (!behind && !short) return;
    this.#cancelRepair ??= this.#timers.after(REPAIR_MS, () => {
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

  #mustWaitForOthers(): boolean {
    const raw = this.#storage.getItem(META_KEY);
    if (raw === this.#metaRaw) return false;
    if (this.#isAhead(raw)) {
      this.#cancelTakeover ??= this.#timers.after(TAKEOVER_MS, () => this.#takeOver(raw));
      return true;
    }
    this.#markAllDirty();
    return false;
  }

  /** The other tab either goes on writing, or it is gone and this tab goes on alone from its own place. */
  #takeOver(raw: string | null): void {
    this.#cancelTakeover = null;
    const isSilent = this.#storage.getItem(META_KEY) === raw && readMeta(raw)?.who === this.#who;
    if (isSilent && this.#replica.complete) {
      this.#metaRaw = raw;
      this.#markAllDirty();
    }
    this.save([]);
  }

  /** Another tab has written, so what lies in storage is no longer known: every list is compared. */
  #markAllDirty(): void {
    for (const topic of this.#replica.topicNames) this.#dirty.add(topic);
  }

  /** Whether the record tells of changes that this tab has not passed, or belongs to somebody else. */
  #isAhead(raw: string | null): boolean {
    const meta = readMeta(raw);
    if (meta === null) return false;
    if (meta.who !== this.#who) return !mayInherit(meta.who, this.#who);
    if (meta.cursor === null) return false;
    return !this.#replica.complete || !this.#replica.hasPassed(meta.cursor);
  }

  #writeRecord(): void {
    const done = this.#topics.writeWithinQuota(() => {
      const raw = this.#record();
      if (raw !== this.#metaRaw) this.#storage.setItem(META_KEY, raw);
      this.#metaRaw = raw;
    });
    if (done) return;
    // Without room for the record there is nothing that may be trusted.
    this.#storage.removeItem(META_KEY);
    this.#metaRaw = null;
  }

  #record(): string {
    const isWhole = this.#replica.complete && this.#topics.isWhole();
    return writeMeta({
      who: this.#who,
      cursor: isWhole ? this.#replica.cursor : null,
      topics: this.#topics.recorded(),
    });
  }
}
