/** Reads new messages to screen readers, and nothing else: never history, never what comes into view by scrolling. */
import { useCallback, useRef, useState } from "react";
import { summary } from "./message";
import type { MessageRowData } from "./rows";

interface Line {
  key: number;
  text: string;
}

/** More at once than this are only counted: nobody can listen to a flood. */
const SPOKEN_MAX = 3;
const KEPT_LINES_MAX = 10;
const SPOKEN_CHARS_MAX = 300;

export function announcements(arrived: readonly MessageRowData[]): string[] {
  if (arrived.length > SPOKEN_MAX) return [`${arrived.length} new messages`];
  return arrived.map(({ message }) => {
    const words = Array.from(summary(message)).slice(0, SPOKEN_CHARS_MAX).join("");
    return `${message.senderName}: ${words}`;
  });
}

export interface Announcer {
  lines: readonly Line[];
  announce: (arrived: readonly MessageRowData[]) => void;
}

export function useAnnouncer(): Announcer {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const next = useRef(0);

  const announce = useCallback((arrived: readonly MessageRowData[]) => {
    const fresh = announcements(arrived).map((text) => {
      next.current += 1;
      return { key: next.current, text };
    });
    setLines((before) => [...before, ...fresh].slice(-KEPT_LINES_MAX));
  }, []);

  return { lines, announce };
}

export function Announcements({ lines }: { lines: readonly Line[] }) {
  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-relevant="additions" aria-label="New messages">
      {lines.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
