/**
 * The updates that lead from what listeners were shown to what a snapshot says, so that a page which only knows
 * `sync_update` is right again after a gap. Pure.
 */
import type { TopicState } from "./api.ts";
import type { Action, Item, ItemId, Json, SyncUpdate } from "./wire-types.ts";

type Topics = ReadonlyMap<string, TopicState>;

/** They carry `seq: 0` and no author: a snapshot does not tell who and when. */
export function differences(before: Topics, after: Topics, nowMs: number): SyncUpdate[] {
  const found: SyncUpdate[] = [];
  for (const type of new Set([...before.keys(), ...after.keys()])) {
    const note = (action: Action, data: Json): void => {
      found.push({ type, action, data, timestamp: nowMs, author: null, seq: 0 });
    };
    compare(before.get(type), after.get(type), note);
  }
  return found;
}

function compare(
  old: TopicState | undefined,
  now: TopicState | undefined,
  note: (action: Action, data: Json) => void,
): void {
  if (now?.kind === "document") {
    if (old?.kind !== "document" || !same(old.value, now.value)) note("update", now.value);
    return;
  }
  const oldItems = old?.kind === "list" ? old.items : [];
  const nowItems = now?.kind === "list" ? now.items : [];
  if (nowItems.length === 0) {
    if (oldItems.length > 0 || old?.kind === "document") note("clear", null);
    return;
  }
  compareItems(oldItems, nowItems, note);
}

function compareItems(
  oldItems: readonly Item[],
  nowItems: readonly Item[],
  note: (action: Action, data: Json) => void,
): void {
  const oldById = new Map<ItemId, Item>(oldItems.map((item) => [item.id, item]));
  const nowIds = new Set<ItemId>(nowItems.map((item) => item.id));
  for (const { id } of oldItems) if (!nowIds.has(id)) note("delete", { id });
  for (const item of nowItems) {
    const old = oldById.get(item.id);
    if (old === undefined) note("add", item);
    else if (!same(old, item)) note("update", item);
  }
}

/** The server relays the bytes it stored, so equal data has equal text. */
function same(one: Json, other: Json): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
