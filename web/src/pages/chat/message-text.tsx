/** The words of a message: plain text with links. Very long ones are cut until somebody asks for the rest. */
import { Fragment, useMemo, useState } from "react";
import { isLargeEmoji } from "./emoji";
import { pieces } from "./links";
import styles from "./message-text.module.css";
import { useTabIndex } from "./reachable";

/** Longer texts are cut here; a screen holds about this much. */
const SHOWN_CHARS_MAX = 2_000;
const SHOWN_LINES_MAX = 30;

/** Where to cut a long text, at a line or word if one is near; null when it is short enough. */
export function cutAt(text: string): number | null {
  const limit = Math.min(endOfLine(text, SHOWN_LINES_MAX), SHOWN_CHARS_MAX);
  if (limit >= text.length) return null;
  if (text[limit] === "\n") return limit;
  const space = text.lastIndexOf(" ", limit);
  return space > Math.max(limit - 100, 0) ? space : limit;
}

/** Where the given line ends, counted from 1; the end of the text if it has fewer. */
function endOfLine(text: string, line: number): number {
  let end = -1;
  for (let at = 0; at < line; at += 1) {
    end = text.indexOf("\n", end + 1);
    if (end === -1) return text.length;
  }
  return end;
}

export function MessageText({ text }: { text: string }) {
  const tabIndex = useTabIndex();
  const [whole, setWhole] = useState(false);
  const cut = useMemo(() => (whole ? null : cutAt(text)), [text, whole]);
  const shown = cut === null ? text : `${text.slice(0, cut).toWellFormed()}…`;
  const parts = useMemo(() => pieces(shown), [shown]);

  return (
    <>
      <span className={styles.text} data-emoji={isLargeEmoji(text) || undefined}>
        {parts.map((part) =>
          part.kind === "text" ? (
            <Fragment key={part.at}>{part.text}</Fragment>
          ) : (
            <a
              key={part.at}
              href={part.href}
              target="_blank"
              rel="noopener noreferrer nofollow"
              tabIndex={tabIndex}
              dir="ltr"
            >
              {part.text}
            </a>
          ),
        )}
      </span>
      {cut !== null && (
        <button type="button" className={styles.more} tabIndex={tabIndex} onClick={() => setWhole(true)}>
          Show all
        </button>
      )}
    </>
  );
}
