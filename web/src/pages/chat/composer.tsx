/** Where messages are written. Enter sends, Shift+Enter makes a new line, Escape drops the reply. */
import { type FormEvent, type KeyboardEvent, type RefObject, useEffect, useLayoutEffect } from "react";
import { CloseIcon, SendIcon } from "../../theme/icons";
import styles from "./composer.module.css";
import { type Message, summary } from "./message";

interface Props {
  field: RefObject<HTMLTextAreaElement | null>;
  text: string;
  /** The message that is answered; null for a message of its own. */
  replyTo: Message | null;
  onText: (text: string) => void;
  onSend: (text: string) => void;
  onCancelReply: () => void;
  /** Up from an empty field: to the messages. */
  onLeaveUp: () => void;
}

/** Whether this key press ends a message. Never while an input method is choosing characters. */
export function isSendKey(event: Pick<KeyboardEvent, "key" | "shiftKey" | "nativeEvent" | "keyCode">): boolean {
  // Safari reports the Enter that ends a composition with isComposing false and the old key code 229.
  return event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing && event.keyCode !== 229;
}

export function Composer({ field, text, replyTo, onText, onSend, onCancelReply, onLeaveUp }: Props) {
  const empty = text.trim() === "";
  useGrowing(field, text);
  useFocusOnEntering(field);

  const send = () => {
    if (!empty) onSend(text.trim());
    field.current?.focus();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const press = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (isSendKey(event)) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && replyTo !== null && !event.nativeEvent.isComposing) {
      event.preventDefault();
      onCancelReply();
    } else if (event.key === "ArrowUp" && text === "") {
      event.preventDefault();
      onLeaveUp();
    }
  };

  return (
    <form className={styles.composer} onSubmit={submit}>
      {replyTo !== null && (
        <div className={styles.reply} data-testid="reply-bar">
          <p>
            <strong>Reply to {replyTo.senderName}</strong>
            <span dir="auto">{summary(replyTo)}</span>
          </p>
          <button type="button" className="icon-button" aria-label="Cancel reply" onClick={onCancelReply}>
            <CloseIcon />
          </button>
        </div>
      )}
      <div className={styles.line}>
        <textarea
          ref={field}
          className={styles.field}
          value={text}
          rows={1}
          dir="auto"
          placeholder="Write a message"
          aria-label="Message"
          enterKeyHint="send"
          autoComplete="off"
          data-testid="composer"
          onChange={(event) => onText(event.target.value)}
          onKeyDown={press}
        />
        <button type="submit" className={styles.send} aria-label="Send" data-testid="send" disabled={empty}>
          <SendIcon />
        </button>
      </div>
    </form>
  );
}

/** The field is as tall as its text; the style sheet sets where it stops and scrolls. */
function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text decides the height
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null || CSS.supports?.("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight + 2}px`;
  }, [field, text]);
}

/** Whoever comes in with a keyboard at hand writes at once. On a touch screen it would open one over the messages. */
function useFocusOnEntering(field: RefObject<HTMLTextAreaElement | null>) {
  useEffect(() => {
    // Not `(pointer: fine)`: a machine with a keyboard and no mouse has none.
    if (!window.matchMedia?.("(pointer: coarse)").matches) field.current?.focus({ preventScroll: true });
  }, [field]);
}
