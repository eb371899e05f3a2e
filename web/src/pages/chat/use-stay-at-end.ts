/**
 * Opens the list at the newest message, and keeps a reader who is at the end there when the view changes its size: a
 * keyboard opens, the composer grows, the telephone is turned.
 */
import { type RefObject, useEffect, useLayoutEffect } from "react";
import { isAtEnd } from "./follow";

export function useStayAtEnd(
  list: { scrollToEnd: () => void },
  scroller: RefObject<HTMLElement | null>,
  onPlace: (atEnd: boolean) => void,
): void {
  useLayoutEffect(() => list.scrollToEnd(), [list]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let atEnd = true;
    const look = () => {
      atEnd = isAtEnd(element);
      onPlace(atEnd);
    };
    const observer = new ResizeObserver(() => {
      if (atEnd) list.scrollToEnd();
      look();
    });
    element.addEventListener("scroll", look, { passive: true });
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      observer.disconnect();
    };
  }, [list, scroller, onPlace]);
}
