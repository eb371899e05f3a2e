/** Tells of each new message of others exactly once. What is there when the room opens is not new. */
import { useEffect, useRef } from "react";
import { arrivalsOf } from "./arrivals";
import type { MessageRowData } from "./rows";
import type { Messages } from "./use-messages";

export function useArrivals(
  { rows, byKey }: Messages,
  loaded: boolean,
  onArrival: (arrived: MessageRowData[]) => void,
): void {
  const known = useRef<Messages["byKey"] | null>(null);
  const tell = useRef(onArrival);
  tell.current = onArrival;

  useEffect(() => {
    if (!loaded) return;
    const before = known.current;
    known.current = byKey;
    const arrived = before === null ? [] : arrivalsOf(rows, before);
    if (arrived.length > 0) tell.current(arrived);
  }, [rows, byKey, loaded]);
}
