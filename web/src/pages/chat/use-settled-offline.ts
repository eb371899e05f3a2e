/** True once the connection has been away for a while: a blink of the network is not worth a banner. */
import { useEffect, useState } from "react";
import type { Connection } from "../../sync/room";

export const OFFLINE_SHOWN_AFTER_MS = 2_000;

export function useSettledOffline(state: Connection["state"]): boolean {
  const away = state === "offline" || state === "connecting";
  const [settled, setSettled] = useState(false);

  useEffect(() => {
    if (!away) {
      setSettled(false);
      return;
    }
    const timer = window.setTimeout(() => setSettled(true), OFFLINE_SHOWN_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [away]);

  return away && settled;
}
