/** The message that is answered, in short. A press shows the original. */
import type { CSSProperties } from "react";
import { type Message, type Quoted, summary } from "./message";
import { hueOf } from "./person-mark";
import styles from "./quote.module.css";
import { useTabIndex } from "./reachable";

const SHOWN_CHARS_MAX = 160;

interface Props {
  quoted: Quoted;
  /** The original, if it is here. */
  original: Message | undefined;
  onJump: (key: string) => void;
}

export function Quote({ quoted, original, onJump }: Props) {
  const name = original?.senderName ?? quoted.name;
  const text = original !== undefined ? summary(original) : quoted.text;
  const gone = original === undefined;
  return (
    <button
      type="button"
      className={styles.quote}
      style={{ "--hue": hueOf(original?.senderId || name) } as CSSProperties}
      disabled={gone}
      tabIndex={useTabIndex()}
      onClick={() => onJump(quoted.key)}
      aria-label={gone ? undefined : `Show the quoted message of ${name}`}
    >
      {name !== "" && <strong>{name}</strong>}
      <span dir="auto">
        {text === "" ? "This message is not here any more" : Array.from(text).slice(0, SHOWN_CHARS_MAX).join("")}
      </span>
    </button>
  );
}
