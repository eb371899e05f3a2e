/** A value that is shown for a moment. Its timer ends with the component. */
import { useCallback, useEffect, useRef, useState } from "react";

/** A value that goes away by itself after some ms; a new one starts the wait again. */
export function usePassing<T>(afterMs: number): [T | null, (value: T) => void] {
  const [value, setValue] = useState<T | null>(null);
  const timer = useRef(0);

  const set = useCallback(
    (next: T) => {
      window.clearTimeout(timer.current);
      setValue(next);
      timer.current = window.setTimeout(() => setValue(null), afterMs);
    },
    [afterMs],
  );
  useEffect(() => () => window.clearTimeout(timer.current), []);

  return [value, set];
}
