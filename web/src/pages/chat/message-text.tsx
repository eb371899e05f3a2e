/** The words of a message: plain text with links. Very long ones are cut, and read apart. */
import { Fragment, useMemo, useState } from "react";
import { Dialog } from "./dialog";
import { isLargeEmoji } from "./emoji";
import { pieces } from "./links";
import styles from "./message-text.module.css";
import { Reachable, useTabIndex } from "./reachable";

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
  const [reading, setReading] = useState(false);
  const cut = useMemo(() => cutAt(text), [text]);
  const shown = cut === null ? text : `${text.slice(0, cut).toWellFormed()}…`;

  return (
    <>
      <span className={styles.text} data-emoji={isLargeEmoji(text) || undefined}>
        <Words text={shown} />
      </span>
      {cut !== null && (
        <button type="button" className={styles.more} tabIndex={tabIndex} onClick={() => setReading(true)}>
          Show all
        </button>
      )}
      {reading && (
        <Dialog label="The whole message" look="reader" onClose={() => setReading(false)}>
          <Reachable value={true}>
            <p className={styles.whole} dir="auto">
              <Words text={text} />
            </p>
            <div className={styles.bar}>
              <button type="button" className="button" onClick={() => setReading(false)}>
                Close
              </button>
            </div>
          </Reachable>
        </Dialog>
      )}
    </>
  );
}

function Words({ text }: { text: string }) {
  const tabIndex = useTabIndex();
  const parts = useMemo(() => pieces(text), [text]);
  return parts.map((part) =>
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
  );
}
