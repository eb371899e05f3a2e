/** One try at a door at a time: busy while it runs, and a sentence when it failed. */
import { useCallback, useState } from "react";
import { type AuthFailure, type AuthRequest, enter } from "../../session/auth-api";
import type { Session } from "../../session/session";

export interface Entrance {
  busy: boolean;
  problem: { why: AuthFailure; message: string } | null;
  knock: (request: AuthRequest) => Promise<void>;
  /** Takes the sentence away, when another form is shown. */
  calm: () => void;
}

export function useEntrance(onEntered: (session: Session) => void): Entrance {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Entrance["problem"]>(null);

  const knock = useCallback(
    async (request: AuthRequest) => {
      setBusy(true);
      setProblem(null);
      const outcome = await enter(request);
      setBusy(false);
      if (outcome.ok) onEntered(outcome.session);
      else setProblem({ why: outcome.why, message: outcome.message });
    },
    [onEntered],
  );
  const calm = useCallback(() => setProblem(null), []);

  return { busy, problem, knock, calm };
}
