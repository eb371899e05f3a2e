/** Where the reader is in the list: at the end or not, and how much has come below meanwhile. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { countBelow } from "./follow";
import type { ListControl } from "./message-list";
import type { Row } from "./rows";

export interface Place {
  list: RefObject<ListControl | null>;
  atEnd: boolean;
  below: number;
  /** The list tells where the reader is. */
  place: (atEnd: boolean) => void;
  arrive: (count: number) => void;
  /** Whoever writes wants to see it, wherever they were reading: called before the message is in the rows. */
  follow: () => void;
  toEnd: (byKeyboard: boolean) => void;
}

export function usePlace(rows: readonly Row[]): Place {
  const list = useRef<ListControl>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [below, setBelow] = useState(0);
  const following = useRef(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the rows have the new message
  useEffect(() => {
    if (!following.current) return;
    following.current = false;
    list.current?.toEnd();
  }, [rows]);

  const place = useCallback((now: boolean) => {
    setAtEnd(now);
    if (now) setBelow(0);
  }, []);
  const arrive = (count: number) => setBelow((before) => countBelow(before, count, atEnd));
  const follow = () => {
    following.current = true;
  };
  // The button that was pressed goes away; with a keyboard, the focus must not go with it.
  const toEnd = (byKeyboard: boolean) => (byKeyboard ? list.current?.focusLast() : list.current?.toEnd());

  return { list, atEnd, below, place, arrive, follow, toEnd };
}
