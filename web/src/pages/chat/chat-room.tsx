/** The room as a person sees it: head, conversation, composer, and the panel beside them. */
import { useRef, useState } from "react";
import type { Person } from "../../session/session";
import type { Store } from "../../session/window-storage";
import type { Room } from "../../sync/room";
import { CloseIcon } from "../../theme/icons";
import { Wordmark } from "../../theme/wordmark";
import { Announcements } from "./announcer";
import styles from "./chat-room.module.css";
import { Composer } from "./composer";
import { ConnectionBanner } from "./connection-banner";
import { Dialog } from "./dialog";
import { EmptyRoom } from "./empty-room";
import { JumpButton } from "./jump-button";
import { Lightbox } from "./lightbox";
import { summary } from "./message";
import { MessageList } from "./message-list";
import { Question } from "./question";
import { RoomHeader } from "./room-header";
import { SidePanel } from "./side-panel";
import { useConversation } from "./use-conversation";
import { useToday } from "./use-today";
import { useViewport } from "./use-viewport";

interface Props {
  room: Room;
  me: Person;
  storage: Store;
  onLeave: () => void;
}

export function ChatRoom({ room, me, storage, onLeave }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [drawer, setDrawer] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const talk = useConversation(room, me, storage, field);
  const today = useToday();
  useViewport();

  const waiting = room.outbox.filter(({ status }) => status.state === "waiting").length;
  const unsent = room.outbox.length;
  const leave = () => (unsent > 0 ? setLeaving(true) : onLeave());
  const panel = <SidePanel me={me} presence={room.presence} onLeave={leave} />;

  return (
    <div className={styles.page}>
      <aside className={styles.aside} aria-label="Room">
        <div className={styles.brand}>
          <Wordmark />
        </div>
        {panel}
      </aside>
      <main className={styles.main}>
        <RoomHeader connection={room.connection} presence={room.presence} onShowPanel={() => setDrawer(true)} />
        <ConnectionBanner connection={room.connection} waiting={waiting} />
        <div className={styles.conversation}>
          {talk.rows.length === 0 ? (
            <EmptyRoom loaded={room.loaded} onHello={talk.sayHello} />
          ) : (
            <MessageList
              rows={talk.rows}
              today={today}
              messages={talk.byKey}
              highlighted={talk.highlighted}
              handlers={talk.handlers}
              control={talk.list}
              onPlace={talk.place}
              onLeave={() => field.current?.focus()}
            />
          )}
          {!talk.atEnd && talk.rows.length > 0 && <JumpButton below={talk.below} onPress={talk.toEnd} />}
        </div>
        {talk.said !== null && (
          <p className={styles.said} role="status" data-testid="said">
            {talk.said}
          </p>
        )}
        <Composer
          field={field}
          text={talk.draft.text}
          replyTo={talk.replyTo}
          onText={talk.write}
          onSend={talk.send}
          onCancelReply={talk.cancelReply}
          onLeaveUp={talk.focusLast}
        />
      </main>
      <Announcements lines={talk.announced} />
      {drawer && (
        <Dialog label="Room" look="drawer" onClose={() => setDrawer(false)}>
          <div className={styles.drawerTop}>
            <Wordmark />
            <button type="button" className="icon-button" aria-label="Close" onClick={() => setDrawer(false)}>
              <CloseIcon />
            </button>
          </div>
          {panel}
        </Dialog>
      )}
      {talk.removing !== null && (
        <Question title="Delete this message?" yes="Delete" no="Keep it" onYes={talk.removeNow} onNo={talk.keep}>
          {`It disappears for everyone here: “${shorten(summary(talk.removing))}”`}
        </Question>
      )}
      {leaving && (
        <Question title="Sign out now?" yes="Sign out" no="Stay" onYes={onLeave} onNo={() => setLeaving(false)}>
          {unsent === 1
            ? "1 message has not been sent and would be lost."
            : `${unsent} messages have not been sent and would be lost.`}
        </Question>
      )}
      {talk.picture !== null && <Lightbox url={talk.picture} onClose={talk.closePicture} />}
    </div>
  );
}

function shorten(text: string): string {
  const chars = Array.from(text);
  return chars.length > 80 ? `${chars.slice(0, 79).join("")}…` : text;
}
