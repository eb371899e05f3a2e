/** The session as state. Signing in or out in another window of this browser is followed here. */
import { useCallback, useEffect, useState } from "react";
import { forgetSession, loadSession, type Session, saveSession, TOKEN_KEY } from "./session";
import type { Store } from "./window-storage";

export interface SessionState {
  session: Session | null;
  begin: (session: Session) => void;
  end: () => void;
}

export function useSession(storage: Store): SessionState {
  const [session, setSession] = useState(() => loadSession(storage));

  const begin = useCallback(
    (next: Session) => {
      saveSession(storage, next);
      setSession(next);
    },
    [storage],
  );
  const end = useCallback(() => {
    forgetSession(storage);
    setSession(null);
  }, [storage]);

  useEffect(() => {
    const follow = (event: StorageEvent) => {
      const concernsUs = event.storageArea === storage && (event.key === TOKEN_KEY || event.key === null);
      if (concernsUs) setSession(loadSession(storage));
    };
    window.addEventListener("storage", follow);
    return () => window.removeEventListener("storage", follow);
  }, [storage]);

  return { session, begin, end };
}
