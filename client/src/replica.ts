/**
 * What this tab knows: every topic in memory, folded from exactly the updates its own socket delivered, and the cursor
 * that says how far. The cursor is never ahead of the data. While a snapshot is on its way the updates are also kept
 * aside and folded once more on top of it, so it does not matter which of the two came first.
 */
import type { TopicState } from "./api.ts";
import { PASSED_CURSORS_MAX } from "./limits.ts";
import { differences } from "./snapshot-difference.ts";
import { idOf, isItem, isTopicValue, TopicFold, UNKNOWN } from "./topic-fold.ts";
import type { Item, ItemId, JsonObject, SyncState, SyncUpdate } from "./wire-types.ts";

export class Replica {
  readonly #topics = new Map<string, TopicFold>();
  readonly #lastSeqs = new Map<string, number>();
  readonly #passed = new Set<string>();
  #cursor: string | null = null;
  #complete = false;
  #aside: SyncUpdate[] | null = null;
  /** The page's own items from before the server knew the topic; they stand in front and survive snapshots. */
  readonly #local = new Map<string, Item[]>();
  readonly #adopt: (topic: string) => readonly Item[];

  /** `adopt` looks up what the page already kept under the name of a topic that is new here. */
  constructor(adopt: (topic: string) => readonly Item[]) {
    this.#adopt = adopt;
  }

  /** Where following goes on; null when nothing is known yet. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** Whether the topics are all that the server held at the cursor. */
  get complete(): boolean {
    return this.#complete;
  }

  get topicNames(): readonly string[] {
    return [...this.#topics].filter(([, fold]) => fold.state() !== UNKNOWN).map(([name]) => name);
  }

  topic(name: string): TopicState {
    return this.#topics.get(name)?.state() ?? this.#adopted(name)?.state() ?? UNKNOWN;
  }

  /** How many items at the front of the list are the page's own. */
  localItems(name: string): number {
    return this.#local.get(name)?.length ?? 0;
  }

  hasItem(topic: string, id: ItemId): boolean {
    return this.#topics.get(topic)?.has(id) ?? false;
  }

  /** Whether the update with this seq has been applied here. */
  hasSeen(topic: string, seq: number): boolean {
    return (this.#lastSeqs.get(topic) ?? 0) >= seq;
  }

  hasPassed(cursor: string): boolean {
    return this.#passed.has(cursor);
  }

  /** Forgets everything: another person, another server. */
  empty(): void {
    this.#topics.clear();
    this.#local.clear();
    this.#lastSeqs.clear();
    this.#passed.clear();
    this.#cursor = null;
    this.#complete = false;
    this.#aside = null;
  }

  /** Starts from what storage held. Without a cursor it is shown, and a snapshot is needed. */
  load(
    topics: ReadonlyMap<string, readonly unknown[] | JsonObject>,
    local: ReadonlyMap<string, readonly Item[]>,
    cursor: string | null,
  ): void {
    this.empty();
    for (const [name, value] of topics) this.#make(name).fill(value);
    for (const [name, items] of local) if (items.length > 0) this.#local.set(name, [...items]);
    this.#complete = cursor !== null;
    if (cursor !== null) this.moveTo(cursor);
  }

  /** Folds one update in; null for one that was delivered before. Otherwise whether it changed the topic. */
  apply(update: SyncUpdate, cursor: string | null): { readonly changed: boolean } | null {
    if (cursor !== null) this.moveTo(cursor);
    if (update.seq > 0 && this.hasSeen(update.type, update.seq)) return null;
    if (update.seq > 0) this.#lastSeqs.set(update.type, update.seq);
    this.#aside?.push(update);
    return { changed: this.#applyTo(update) };
  }

  #applyTo(update: SyncUpdate): boolean {
    const changed = this.#fold(update.type).apply(update);
    if (changed && update.action === "clear") this.#local.delete(update.type);
    if (changed && update.action === "delete") this.#dropLocal(update.type, (item) => item.id !== idOf(update.data));
    return changed;
  }

  moveTo(cursor: string): void {
    this.#cursor = cursor;
    this.#passed.delete(cursor);
    this.#passed.add(cursor);
    for (const oldest of this.#passed) {
      if (this.#passed.size <= PASSED_CURSORS_MAX) break;
      this.#passed.delete(oldest);
    }
  }

  /** Something was missed for good: following goes on from the cursor, and only a snapshot fills the gap. */
  noteGap(cursor: string | null): void {
    this.#complete = false;
    this.#lastSeqs.clear();
    if (cursor !== null) this.moveTo(cursor);
  }

  /** From now on updates are kept aside, until `fill` or `stopWaiting`. */
  awaitSnapshot(): void {
    this.#aside = [];
  }

  stopWaiting(): void {
    this.#aside = null;
  }

  /**
   * Takes a snapshot that was asked for after `awaitSnapshot`. Without a socket following starts at its cursor; with
   * one, the socket's own cursor stays, which is at worst behind the data. Returns what listeners have not seen.
   */
  fill(state: SyncState, cursor: string, nowMs: number): SyncUpdate[] {
    const before = new Map(this.topicNames.map((name) => [name, this.topic(name)]));
    this.#replaceAll(state);
    for (const update of this.#aside ?? []) this.#applyTo(update);
    this.#aside = null;
    this.#complete = true;
    if (this.#cursor === null) this.moveTo(cursor);
    return differences(before, new Map(this.topicNames.map((name) => [name, this.topic(name)])), nowMs);
  }

  #replaceAll(state: SyncState): void {
    const fetched = new Map<string, unknown>(Object.entries(state));
    for (const name of this.#topics.keys()) {
      if (fetched.has(name)) continue;
      const local = this.#local.get(name);
      if (local) this.#make(name).fill(local);
      else this.#topics.delete(name);
    }
    for (const [name, value] of fetched) if (isTopicValue(value)) this.#replaceTopic(name, value);
  }

  #replaceTopic(name: string, value: readonly unknown[] | JsonObject): void {
    const fold = this.#fold(name);
    if (!Array.isArray(value)) return fold.fill(value);
    const ids = new Set<unknown>(value.filter(isItem).map((item) => item.id));
    this.#dropLocal(name, (item) => !ids.has(item.id));
    fold.fill([...(this.#local.get(name) ?? []), ...value]);
  }

  #dropLocal(name: string, keep: (item: Item) => boolean): void {
    const kept = this.#local.get(name)?.filter(keep) ?? [];
    if (kept.length > 0) this.#local.set(name, kept);
    else this.#local.delete(name);
  }

  #fold(name: string): TopicFold {
    return this.#topics.get(name) ?? this.#adopted(name) ?? this.#make(name);
  }

  #adopted(name: string): TopicFold | null {
    const items = this.#adopt(name);
    if (items.length === 0) return null;
    this.#local.set(name, [...items]);
    const fold = this.#make(name);
    fold.fill(items);
    return fold;
  }

  #make(name: string): TopicFold {
    const fold = new TopicFold();
    this.#topics.set(name, fold);
    return fold;
  }
}
