/**
 * A list as JSON text, made anew only where it has changed. Nearly every change appends one item; for those neither
 * the older items are written out again nor is their text hashed again, however long the list.
 */
import { fingerprintOf, HASH_START, hashOf } from "./fingerprint.ts";

export interface ListText {
  readonly items: readonly unknown[];
  readonly raw: string;
  readonly fingerprint: string;
  /** Of `raw` without its closing bracket, which is where an appended item continues. */
  readonly openHash: number;
}

const EMPTY: ListText = make([], "[", hashOf("[", HASH_START));

/** `before` may be any text of the same topic, or none. */
export function listText(items: readonly unknown[], before: ListText | null): ListText {
  const start = before !== null && isExtended(before.items, items) ? before : EMPTY;
  if (start.items.length === items.length) return start;
  const added = items.slice(start.items.length).map((item) => JSON.stringify(item));
  const text = (start.items.length > 0 ? "," : "") + added.join(",");
  return make(items, start.raw.slice(0, -1) + text, hashOf(text, start.openHash));
}

function make(items: readonly unknown[], open: string, openHash: number): ListText {
  const fingerprint = fingerprintOf(open.length + 1, hashOf("]", openHash));
  return { items, raw: `${open}]`, fingerprint, openHash };
}

/** Items are never changed in place, so the same object is the same item. */
function isExtended(old: readonly unknown[], now: readonly unknown[]): boolean {
  return old.length <= now.length && old.every((item, index) => item === now[index]);
}
