/** Which messages are new: those at the end that were not in the list before. */
import type { MessageRowData, Row } from "./rows";

/** Messages of others behind the newest one known. `known` has the keys of the list as it was. */
export function arrivalsOf(rows: readonly Row[], known: Pick<ReadonlySet<string>, "has">): MessageRowData[] {
  const arrived: MessageRowData[] = [];
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at];
    // Our own do not end the search: one that waited at the end is known, and others may have come in before it.
    if (row === undefined || row.kind !== "message" || row.mine || row.delivery.state !== "sent") continue;
    if (known.has(row.key)) break;
    arrived.unshift(row);
  }
  return arrived;
}
