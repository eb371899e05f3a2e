/**
 * Opens the list at the newest message, and keeps a reader who is at the end there when the view changes its size: a
 * keyboard opens, the composer grows, the telephone is turned.
 */
import { type RefObject, useEffect, useLayoutEffect } from "react";
import { isAtEnd } from "./follow";

export function useStayAtEnd(
  list: { scrollToEnd: () => void },
  scroller: RefObject<HTMLElement | null>,
  anyRows: boolean,
): void {
  useLayoutEffect(() => {
    if (anyRows) list.scrollToEnd();
  }, [list, anyRows]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let atEnd = true;
    const place = () => {
      atEnd = isAtEnd(element);
    };
    const observer = new ResizeObserver(() => {
      if (atEnd) list.scrollToEnd();
    });
    element.addEventListener("scroll", place, { passive: true });
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", place);
      observer.disconnect();
    };
  }, [list, scroller]);
}
