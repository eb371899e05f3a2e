/** What can be done with a message. Shown on hover, on focus, and after a tap; Tab reaches it from a focused message. */
import { CopyIcon, ReplyIcon, TrashIcon } from "../../theme/icons";
import type { Message } from "./message";
import styles from "./message-actions.module.css";
import type { MessageHandlers } from "./message-handlers";
import { useTabIndex } from "./reachable";

interface Props {
  message: Message;
  mine: boolean;
  handlers: MessageHandlers;
}

export function MessageActions({ message, mine, handlers }: Props) {
  const tabIndex = useTabIndex();
  return (
    <div className={styles.actions} data-actions="" data-mine={mine || undefined}>
      <button
        type="button"
        tabIndex={tabIndex}
        title="Reply (R)"
        aria-label="Reply"
        onClick={() => handlers.reply(message)}
      >
        <ReplyIcon />
      </button>
      {message.text !== "" && (
        <button
          type="button"
          tabIndex={tabIndex}
          title="Copy text"
          aria-label="Copy text"
          onClick={() => handlers.copy(message)}
        >
          <CopyIcon />
        </button>
      )}
      {mine && (
        <button
          type="button"
          tabIndex={tabIndex}
          title="Delete (Del)"
          aria-label="Delete"
          data-look="bad"
          onClick={() => handlers.remove(message)}
        >
          <TrashIcon />
        </button>
      )}
    </div>
  );
}
