/**
 * The record beside the stored lists: whose they are, the cursor they stand at, and a fingerprint of each list. Lists
 * are written first and the record last, and the cursor counts only while every list matches its fingerprint. So
 * neither a crash between two writes nor two tabs writing at once can make the cursor promise what is not there.
 */
import type { Who } from "./identity.ts";

/** Topic names cannot contain a colon, so no topic can take this key. */
export const META_KEY = "tidings:replica";

export interface StoredTopic {
  readonly name: string;
  readonly fingerprint: string;
  /** How many items at the front are the page's own, from before the server knew the topic. */
  readonly localItems: number;
}

export interface StoredMeta {
  readonly who: Who;
  /** Null when the lists are not all that the server holds: after a gap, or cut to fit the storage. */
  readonly cursor: string | null;
  readonly topics: readonly StoredTopic[];
}

export function writeMeta(meta: StoredMeta): string {
  const topics = meta.topics.map((topic) => [topic.name, topic.fingerprint, topic.localItems]);
  return JSON.stringify({ v: 1, who: meta.who, cursor: meta.cursor, topics });
}

/** Null for anything that this version did not write. */
export function readMeta(raw: string | null): StoredMeta | null {
  const record = parseJson(raw);
  if (typeof record !== "object" || record === null || !("v" in record) || record.v !== 1) return null;
  const { who, cursor, topics } = record as { who?: unknown; cursor?: unknown; topics?: unknown };
  if (typeof who !== "string" || !Array.isArray(topics)) return null;
  const read = topics.map(readTopic);
  if (read.includes(null)) return null;
  return {
    who,
    cursor: typeof cursor === "string" ? cursor : null,
    topics: read.filter((topic) => topic !== null),
  };
}

function readTopic(entry: unknown): StoredTopic | null {
  if (!Array.isArray(entry)) return null;
  const [name, fingerprint, localItems] = entry as unknown[];
  if (typeof name !== "string" || typeof fingerprint !== "string" || typeof localItems !== "number") return null;
  return { name, fingerprint, localItems };
}

/** Null where the text is no JSON. */
export function parseJson(raw: string | null): unknown {
  if (raw === null) return null;
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    return null;
  }
}
