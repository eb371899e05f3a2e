/** The room's items as messages and rows, read anew only where something changed. */
import { useMemo, useState } from "react";
import type { Room } from "../../sync/room";
import { entryReader } from "./entries";
import type { Message } from "./message";
import { buildRows, type Row } from "./rows";

export interface Messages {
  rows: Row[];
  byKey: ReadonlyMap<string, Message>;
}

export function useMessages({ items, outbox, committedAt }: Room, myId: string): Messages {
  const [reader] = useState(() => entryReader(window.location.href, () => Date.now()));
  return useMemo(() => {
    const entries = reader.read({ items, outbox, committedAt });
    const byKey = new Map(entries.map(({ message }) => [message.key, message]));
    return { rows: buildRows(entries, myId), byKey };
  }, [reader, items, outbox, committedAt, myId]);
}
