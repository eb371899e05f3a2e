/** Counts what arrives while nobody looks, and shows the count in the title of the window. */
import { useCallback, useEffect, useState } from "react";

const TITLE = "Tidings";
const COUNT_SHOWN_MAX = 99;

export function titleFor(unread: number): string {
  if (unread === 0) return TITLE;
  return `(${unread > COUNT_SHOWN_MAX ? `${COUNT_SHOWN_MAX}+` : unread}) ${TITLE}`;
}

/** Answers a function to be told how many messages arrived. */
export function useUnreadTitle(): (arrived: number) => void {
  const [unread, setUnread] = useState(0);

  useEffect(() => {
    const look = () => {
      if (!document.hidden) setUnread(0);
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);

  useEffect(() => {
    document.title = titleFor(unread);
    return () => {
      document.title = TITLE;
    };
  }, [unread]);

  return useCallback((arrived: number) => {
    if (document.hidden) setUnread((count) => count + arrived);
  }, []);
}
