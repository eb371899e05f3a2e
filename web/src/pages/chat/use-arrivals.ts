/** Tells of each new message of others exactly once. What is there when the room opens is not new. */
import { useEffect, useRef } from "react";
import { arrivalsOf } from "./arrivals";
import type { MessageRowData, Row } from "./rows";

export function useArrivals(
  rows: readonly Row[],
  loaded: boolean,
  onArrival: (arrived: MessageRowData[]) => void,
): void {
  const known = useRef<Set<string> | null>(null);
  const tell = useRef(onArrival);
  tell.current = onArrival;

  useEffect(() => {
    if (!loaded) return;
    const before = known.current;
    const arrived = before === null ? [] : arrivalsOf(rows, before);
    known.current = new Set(rows.filter(({ kind }) => kind === "message").map(({ key }) => key));
    if (arrived.length > 0) tell.current(arrived);
  }, [rows, loaded]);
}
