/** One message in the list: whose it is, what it says, when, how far it has come, and what can be done with it. */
import { type CSSProperties, memo } from "react";
import { AlertIcon, ClockIcon } from "../../theme/icons";
import { Attachment } from "./attachment";
import { Avatar } from "./avatar";
import { type Message, summary } from "./message";
import { MessageActions } from "./message-actions";
import type { MessageHandlers } from "./message-handlers";
import styles from "./message-row.module.css";
import { MessageText } from "./message-text";
import { clockText, fullText } from "./moment";
import { hueOf } from "./person-mark";
import { Quote } from "./quote";
import { Reachable } from "./reachable";
import type { Delivery } from "./rows";

interface Props {
  message: Message;
  delivery: Delivery;
  mine: boolean;
  first: boolean;
  last: boolean;
  /** The one message that the tab key reaches; its actions are reachable too. */
  reachable: boolean;
  highlighted: boolean;
  original: Message | undefined;
  handlers: MessageHandlers;
}

const STATE_WORDS: Record<Delivery["state"], string> = {
  sent: "",
  waiting: "not sent yet",
  deleting: "being deleted",
  refused: "not sent",
};

function timeOf(message: Message): string {
  return message.instant === null ? message.timeText : clockText(message.instant);
}

function spoken({ message, delivery, mine }: Props): string {
  const who = mine ? "You" : message.senderName;
  return [`${who}: ${summary(message)}`, timeOf(message), STATE_WORDS[delivery.state]].filter(Boolean).join(", ");
}

export const MessageRow = memo(function MessageRow(props: Props) {
  const { message, delivery, mine, first, last, reachable, highlighted, original, handlers } = props;
  const seed = message.senderId || message.senderName;
  return (
    <Reachable value={reachable}>
      <div
        className={styles.row}
        style={{ "--hue": hueOf(seed) } as CSSProperties}
        data-mine={mine || undefined}
        data-first={first || undefined}
        data-last={last || undefined}
        data-state={delivery.state}
        data-highlighted={highlighted || undefined}
      >
        {!mine && <span className={styles.side}>{last && <Avatar name={message.senderName} seed={seed} />}</span>}
        <div className={styles.stack}>
          <div className={styles.holder}>
            <article className={styles.bubble} tabIndex={reachable ? 0 : -1} aria-label={spoken(props)} data-bubble="">
              {first && !mine && (
                <p className={styles.sender} dir="auto">
                  {message.senderName}
                </p>
              )}
              {message.replyTo !== null && (
                <Quote quoted={message.replyTo} original={original} onJump={handlers.jump} />
              )}
              {message.media !== null && (
                <div className={styles.media}>
                  <Attachment media={message.media} from={message.senderName} onOpen={handlers.open} />
                </div>
              )}
              <div className={styles.flow} dir="auto">
                <Words message={message} />
                <Meta message={message} delivery={delivery} />
              </div>
            </article>
            <MessageActions message={message} mine={mine} handlers={handlers} />
          </div>
          {delivery.state === "refused" && <Refusal message={message} reason={delivery.reason} handlers={handlers} />}
        </div>
      </div>
    </Reachable>
  );
});

function Words({ message }: { message: Message }) {
  if (message.text !== "") return <MessageText text={message.text} />;
  return message.media === null ? <em className={styles.empty}>Empty message</em> : null;
}

function Meta({ message, delivery }: { message: Message; delivery: Delivery }) {
  const time = timeOf(message);
  const words = STATE_WORDS[delivery.state];
  return (
    <span className={styles.meta} title={message.instant === null ? undefined : fullText(message.instant)}>
      {time !== "" &&
        (message.instant === null ? time : <time dateTime={new Date(message.instant).toISOString()}>{time}</time>)}
      {words !== "" && (
        <span
          className={styles.state}
          role="img"
          aria-label={words}
          title={words}
          data-testid={`state-${delivery.state}`}
        >
          {delivery.state === "refused" ? <AlertIcon /> : <ClockIcon />}
        </span>
      )}
    </span>
  );
}

function Refusal({ message, reason, handlers }: { message: Message; reason: string; handlers: MessageHandlers }) {
  return (
    <div className={styles.refusal}>
      <p>
        <strong>Not sent.</strong> {reason}
      </p>
      <button type="button" onClick={() => handlers.retry(message)} data-testid="retry">
        Try again
      </button>
      <button type="button" onClick={() => handlers.edit(message)}>
        Edit
      </button>
      <button type="button" onClick={() => handlers.discard(message)} data-testid="discard">
        Discard
      </button>
    </div>
  );
}
