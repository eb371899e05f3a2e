/**
 * The conversation: thousands of messages, of which only those near the view are in the page. It follows what arrives
 * only when the reader is at the end, and never moves what is being read.
 */
import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { type Ref, useCallback, useImperativeHandle, useRef } from "react";
import { DayRow } from "./day-row";
import { AT_END_PX_MAX } from "./follow";
import type { Message } from "./message";
import type { MessageHandlers } from "./message-handlers";
import styles from "./message-list.module.css";
import { MessageRow } from "./message-row";
import type { Row } from "./rows";
import { useRoving } from "./use-roving";
import { useStayAtEnd } from "./use-stay-at-end";

/** A list up to this long is in the page whole, so that the browser's own search finds everything. */
const WHOLE_ROWS_MAX = 200;
const OVERSCAN_ROWS = 8;
const DAY_PX = 48;
const MESSAGE_PX = 64;

export interface ListControl {
  toEnd: () => void;
  /** Brings a message into view; false when it is not in the list. */
  show: (key: string) => boolean;
  focusLast: () => void;
}

interface Props {
  rows: readonly Row[];
  today: number;
  messages: ReadonlyMap<string, Message>;
  highlighted: string | null;
  handlers: MessageHandlers;
  control: Ref<ListControl>;
  /** Told whether the reader is at the end; keep it the same function. */
  onPlace: (atEnd: boolean) => void;
  /** Past the last message, or Escape: back to writing. */
  onLeave: () => void;
}

export function MessageList({ rows, today, messages, highlighted, handlers, control, onPlace, onLeave }: Props) {
  const scroller = useRef<HTMLElement>(null);
  const roving = useRoving({ rows, scroller, handlers, onLeave, toIndex: (index) => list.scrollToIndex(index) });
  const { focusedIndex } = roving;
  const whole = rows.length <= WHOLE_ROWS_MAX;

  const range = useCallback(
    (visible: Range) => {
      if (whole) return defaultRangeExtractor({ ...visible, startIndex: 0, endIndex: rows.length - 1, overscan: 0 });
      const indexes = defaultRangeExtractor(visible);
      // The message with the focus stays, however far the list is scrolled away from it.
      if (focusedIndex === -1 || indexes.includes(focusedIndex)) return indexes;
      return [...indexes, focusedIndex].sort((a, b) => a - b);
    },
    [whole, rows.length, focusedIndex],
  );

  // The list measures everything anew when one of these changes, so they change with the rows and not at each drawing.
  const keyAt = useCallback((index: number) => rows[index]?.key ?? index, [rows]);
  const sizeAt = useCallback((index: number) => (rows[index]?.kind === "day" ? DAY_PX : MESSAGE_PX), [rows]);
  const list = useVirtualizer<HTMLElement, HTMLLIElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: keyAt,
    estimateSize: sizeAt,
    rangeExtractor: range,
    overscan: OVERSCAN_ROWS,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: AT_END_PX_MAX,
    directDomUpdates: true,
  });

  useImperativeHandle(control, () => ({
    toEnd: () => list.scrollToEnd(),
    show: (key) => {
      const index = rows.findIndex((row) => row.key === key);
      if (index !== -1) list.scrollToIndex(index, { align: "center" });
      return index !== -1;
    },
    focusLast: () => roving.focusLast(),
  }));
  useStayAtEnd(list, scroller, onPlace);

  const visit = (key: string, item: HTMLElement) => {
    roving.visit(key);
    // On a narrow screen they stand above the message, which may be the topmost in view.
    item.querySelector("[data-actions]")?.scrollIntoView?.({ block: "nearest" });
  };

  return (
    <section
      ref={scroller}
      className={styles.scroller}
      aria-label="Conversation"
      data-testid="conversation"
      data-count={messages.size}
      onKeyDown={roving.press}
    >
      <ol ref={list.containerRef} className={styles.list} data-testid="messages">
        {list.getVirtualItems().map(({ index, key }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <li
              key={key}
              ref={list.measureElement}
              className={styles.item}
              data-index={index}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              {...(row.kind === "message"
                ? {
                    "data-testid": "message",
                    "data-message-id": row.message.id,
                    onFocus: (event) => visit(row.key, event.currentTarget),
                  }
                : {})}
            >
              {row.kind === "day" ? (
                <DayRow day={row.day} today={today} />
              ) : (
                <MessageRow
                  message={row.message}
                  delivery={row.delivery}
                  mine={row.mine}
                  first={row.first}
                  last={row.last}
                  reachable={row.key === roving.reachableKey}
                  highlighted={row.key === highlighted}
                  original={row.message.replyTo === null ? undefined : messages.get(row.message.replyTo.key)}
                  handlers={handlers}
                />
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
