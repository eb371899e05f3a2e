/**
 * One browser storage and its tabs. A tab's writes reach the other tabs as storage events when the test says so; the
 * storage may be full; a tab may die between two writes.
 */
import type { StorageChange, StorageLike, Surroundings } from "../src/index.ts";

export class FakeStorage {
  readonly values = new Map<string, string>();
  /** In characters of keys and values, as browsers count. */
  quota = Number.POSITIVE_INFINITY;
  readonly #tabs = new Set<FakeTab>();

  tab(): FakeTab {
    const tab = new FakeTab(this);
    this.#tabs.add(tab);
    return tab;
  }

  write(from: FakeTab, key: string, value: string | null): void {
    const oldValue = this.values.get(key) ?? null;
    if (oldValue === value) return;
    if (value === null) this.values.delete(key);
    else this.#put(key, value);
    for (const tab of this.#tabs) if (tab !== from) tab.unheard.push({ key, oldValue, newValue: value });
  }

  #put(key: string, value: string): void {
    let size = key.length + value.length;
    for (const [otherKey, other] of this.values) if (otherKey !== key) size += otherKey.length + other.length;
    if (size > this.quota) throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
    this.values.set(key, value);
  }

  /** Delivers every storage event that has not been heard yet. */
  tellTabs(): void {
    for (const tab of this.#tabs) tab.hear();
  }

  json(key: string): unknown {
    const value = this.values.get(key);
    return value === undefined ? undefined : (JSON.parse(value) as unknown);
  }
}

export class FakeTab implements StorageLike {
  readonly unheard: StorageChange[] = [];
  /** Writes before the tab dies; afterwards nothing it does reaches storage. */
  writesLeft = Number.POSITIVE_INFINITY;
  /** Called when the tab tries to write after its last write. */
  onDeath: () => void = () => {};
  readonly #storage: FakeStorage;
  readonly #listeners = new Set<(change: StorageChange) => void>();
  readonly #wakers = new Set<() => void>();
  readonly surroundings: Surroundings = {
    onStorage: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
    onWake: (listener) => {
      this.#wakers.add(listener);
      return () => this.#wakers.delete(listener);
    },
    location: null,
  };

  constructor(storage: FakeStorage) {
    this.#storage = storage;
  }

  get length(): number {
    return this.#storage.values.size;
  }

  key(index: number): string | null {
    return [...this.#storage.values.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.#storage.values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    if (this.#spendWrite()) this.#storage.write(this, key, value);
  }

  removeItem(key: string): void {
    if (this.#spendWrite()) this.#storage.write(this, key, null);
  }

  #spendWrite(): boolean {
    if (this.writesLeft <= 0) {
      this.onDeath();
      return false;
    }
    this.writesLeft -= 1;
    return true;
  }

  hear(): void {
    for (const change of this.unheard.splice(0)) for (const listener of [...this.#listeners]) listener(change);
  }

  wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }
}
