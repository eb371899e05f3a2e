/**
 * Writing into storage that may be full. When it is, the largest list gives up its oldest items and the write is tried
 * again; what was given up is counted, so that nobody takes the stored list for the whole one.
 */
import { QUOTA_DROP_SHARE } from "./limits.ts";

/** A list as it may be stored: the newest items, without the `omitted` oldest. */
export interface StoredList {
  readonly topic: string;
  readonly items: readonly unknown[];
  omitted: number;
}

export interface QuotaParts {
  readonly lists: () => Iterable<StoredList>;
  /** Stores a list that has just been cut. May fail like any write. */
  readonly store: (list: StoredList) => void;
  readonly onFull: () => void;
}

/** False when the value was not written although nothing is left to give up. */
export function writeWithinQuota(parts: QuotaParts, write: () => void): boolean {
  for (;;) {
    try {
      write();
      return true;
    } catch {
      parts.onFull();
      if (!makeRoom(parts)) return false;
    }
  }
}

function makeRoom({ lists, store }: QuotaParts): boolean {
  const largest = largestOf(lists());
  if (largest === null) return false;
  const kept = largest.items.length - largest.omitted;
  largest.omitted += Math.max(1, Math.ceil(kept * QUOTA_DROP_SHARE));
  try {
    store(largest);
  } catch {
    // Even the shorter list does not fit; the next turn cuts further, down to nothing.
  }
  return true;
}

export function keptItems(list: StoredList): readonly unknown[] {
  return list.omitted === 0 ? list.items : list.items.slice(list.omitted);
}

function largestOf(lists: Iterable<StoredList>): StoredList | null {
  let largest: StoredList | null = null;
  let largestSize = 0;
  for (const list of lists) {
    const size = list.items.length > list.omitted ? JSON.stringify(keptItems(list)).length : 0;
    if (size > largestSize) [largest, largestSize] = [list, size];
  }
  return largest;
}
