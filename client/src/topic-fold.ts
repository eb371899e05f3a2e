/**
 * One topic in memory: the fold of its updates. New items append, an update keeps the place, an add of an id that is
 * there already is a duplicate. Adding and updating cost the same however long the list; only a delete walks it.
 */
import type { TopicState } from "./api.ts";
import type { Item, ItemId, Json, JsonObject, SyncUpdate } from "./wire-types.ts";

export const UNKNOWN: TopicState = Object.freeze({ kind: "unknown" });

export class TopicFold {
  #document: JsonObject | null = null;
  #items: Item[] = [];
  readonly #places = new Map<ItemId, number>();
  #state: TopicState | null = UNKNOWN;

  /** The same object until something changes. */
  state(): TopicState {
    this.#state ??= this.#document
      ? { kind: "document", value: this.#document }
      : { kind: "list", items: [...this.#items] };
    return this.#state;
  }

  has(id: ItemId): boolean {
    return this.#places.has(id);
  }

  /** Replaces everything, keeping the first of items that share an id. */
  fill(value: readonly unknown[] | JsonObject): void {
    this.#empty();
    if (isObject(value)) this.#document = value;
    else for (const item of value) if (isItem(item)) this.#append(item);
  }

  /** False when the update changes nothing. */
  apply({ action, data }: Pick<SyncUpdate, "action" | "data">): boolean {
    switch (action) {
      case "add":
        return isItem(data) && this.#add(data);
      case "update":
      case "patch":
        // A declared document may carry a field named `id`.
        if (this.#document !== null || !isItem(data)) return isObject(data) && this.#replaceDocument(data);
        return this.#put(data);
      case "delete":
        return this.#remove(idOf(data));
      case "clear":
        return this.#clear();
    }
  }

  #add(item: Item): boolean {
    if (this.#places.has(item.id)) return false;
    this.#document = null;
    this.#append(item);
    return true;
  }

  #put(item: Item): boolean {
    const place = this.#places.get(item.id);
    if (place === undefined) return this.#add(item);
    this.#items[place] = item;
    this.#state = null;
    return true;
  }

  #replaceDocument(value: JsonObject): boolean {
    this.#empty();
    this.#document = value;
    return true;
  }

  #remove(id: ItemId | null): boolean {
    const place = id === null ? undefined : this.#places.get(id);
    if (id === null || place === undefined) return false;
    this.#items.splice(place, 1);
    this.#places.delete(id);
    for (let index = place; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item) this.#places.set(item.id, index);
    }
    this.#state = null;
    return true;
  }

  #clear(): boolean {
    const wasDocument = this.#document !== null;
    this.#empty();
    if (wasDocument) this.#document = {};
    return true;
  }

  #append(item: Item): void {
    if (this.#places.has(item.id)) return;
    this.#places.set(item.id, this.#items.length);
    this.#items.push(item);
    this.#state = null;
  }

  #empty(): void {
    this.#document = null;
    this.#items = [];
    this.#places.clear();
    this.#state = null;
  }
}

/** The id of an item, or of a delete that names the bare id. */
export function idOf(data: unknown): ItemId | null {
  if (typeof data === "string" || typeof data === "number") return data;
  return isItem(data) ? data.id : null;
}

export function isObject(data: unknown): data is JsonObject {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

export function isItem(data: unknown): data is Item {
  return (
    isObject(data) && Object.hasOwn(data, "id") && (typeof data["id"] === "string" || typeof data["id"] === "number")
  );
}

/** What a stored or fetched topic may look like. */
export function isTopicValue(value: unknown): value is readonly Json[] | JsonObject {
  return Array.isArray(value) || isObject(value);
}
