/**
 * Walking through the messages with the keyboard. The list is one stop of the tab key; arrows move between messages,
 * Home and End to the ends, R answers, Delete deletes, Escape returns to writing.
 */
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useRef, useState } from "react";
import type { MessageHandlers } from "./message-handlers";
import type { MessageRowData, Row } from "./rows";

interface Options {
  rows: readonly Row[];
  scroller: RefObject<HTMLElement | null>;
  handlers: MessageHandlers;
  onLeave: () => void;
  toIndex: (index: number) => void;
}

export interface Roving {
  /** The message that the tab key reaches. */
  reachableKey: string | null;
  /** Its place if somebody has been on it, else -1. */
  focusedIndex: number;
  visit: (key: string) => void;
  focusLast: () => void;
  press: (event: KeyboardEvent<HTMLElement>) => void;
}

/** The next message row from `index` in the direction of `step`, or -1. */
export function nextMessage(rows: readonly Row[], index: number, step: 1 | -1): number {
  for (let at = index + step; at >= 0 && at < rows.length; at += step) {
    if (rows[at]?.kind === "message") return at;
  }
  return -1;
}

function focusWanted(list: HTMLElement | null, wanted: RefObject<number | null>): void {
  if (wanted.current === null) return;
  const bubble = list?.querySelector<HTMLElement>(`[data-index="${wanted.current}"] [data-bubble]`);
  if (bubble === null || bubble === undefined) return;
  wanted.current = null;
  bubble.focus({ preventScroll: true });
}

export function useRoving({ rows, scroller, handlers, onLeave, toIndex }: Options): Roving {
  const [visited, setVisited] = useState<string | null>(null);
  const wanted = useRef<number | null>(null);
  const focusedIndex = visited === null ? -1 : rows.findIndex(({ key }) => key === visited);
  const lastIndex = nextMessage(rows, rows.length, -1);
  const reachableKey = focusedIndex === -1 ? (rows[lastIndex]?.key ?? null) : visited;

  const focus = (index: number) => {
    if (index === -1) return;
    wanted.current = index;
    setVisited(rows[index]?.key ?? null);
    toIndex(index);
    focusWanted(scroller.current, wanted);
  };

  // The wanted message may be drawn only a frame after the list was scrolled to it.
  useEffect(() => focusWanted(scroller.current, wanted));

  const press = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === "Escape") {
      event.preventDefault();
      onLeave();
      return;
    }
    const onBubble = event.target instanceof HTMLElement && event.target.dataset.bubble !== undefined;
    if (!onBubble || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows[focusedIndex];
    if (row?.kind !== "message") return;
    if (walk(event.key) || act(event.key, row)) event.preventDefault();
  };

  const walk = (key: string): boolean => {
    switch (key) {
      case "ArrowUp":
        focus(nextMessage(rows, focusedIndex, -1));
        return true;
      case "ArrowDown":
        if (focusedIndex === lastIndex) onLeave();
        else focus(nextMessage(rows, focusedIndex, 1));
        return true;
      case "Home":
        focus(nextMessage(rows, -1, 1));
        return true;
      case "End":
        focus(lastIndex);
        return true;
      default:
        return false;
    }
  };

  const act = (key: string, { message, mine }: MessageRowData): boolean => {
    if (key === "r" || key === "R") handlers.reply(message);
    else if (key === "Delete" && mine) handlers.remove(message);
    else return false;
    return true;
  };

  const visit = useCallback((key: string) => setVisited(key), []);
  return { reachableKey, focusedIndex, visit, focusLast: () => focus(lastIndex), press };
}
