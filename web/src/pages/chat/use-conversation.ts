/** What happens in the room: writing, answering, deleting, and what arrives meanwhile. Joins the smaller hooks. */
import { type RefObject, useMemo, useState } from "react";
import type { Person } from "../../session/session";
import type { Store } from "../../session/window-storage";
import type { Room } from "../../sync/room";
import { useAnnouncer } from "./announcer";
import { newMessage } from "./compose";
import { copyText } from "./copy-text";
import { keyOf, type Message } from "./message";
import type { MessageHandlers } from "./message-handlers";
import type { MessageRowData } from "./rows";
import { useArrivals } from "./use-arrivals";
import { useDraft } from "./use-draft";
import { useMessages } from "./use-messages";
import { useOutgoing } from "./use-outgoing";
import { usePassing } from "./use-passing";
import { usePlace } from "./use-place";
import { useUnreadTitle } from "./use-unread-title";

const HIGHLIGHT_MS = 2_000;
const SAID_MS = 4_000;
const HELLO = "Hello everyone 👋";

export function useConversation(room: Room, me: Person, storage: Store, field: RefObject<HTMLTextAreaElement | null>) {
  const messages = useMessages(room, me.id);
  const { rows, byKey } = messages;
  const { draft, write, takeBack, answer, clear } = useDraft(storage);
  const { list, atEnd, below, place, arrive, follow, toEnd } = usePlace(rows);
  const [removing, setRemoving] = useState<Message | null>(null);
  const [picture, setPicture] = useState<string | null>(null);
  const [highlighted, setHighlighted] = usePassing<string>(HIGHLIGHT_MS);
  const [said, say] = usePassing<string>(SAID_MS);
  const outgoing = useOutgoing(room, say);
  const { lines: announced, announce } = useAnnouncer();
  const countUnread = useUnreadTitle();

  useArrivals(messages, room.loaded, (arrived: MessageRowData[]) => {
    arrive(arrived.length);
    countUnread(arrived.length);
    announce(arrived);
  });

  const handlers = useMemo<MessageHandlers>(
    () => ({
      reply(message) {
        answer(message.id);
        field.current?.focus();
      },
      copy: (message) =>
        void copyText(message.text).then((done) => say(done ? "Copied." : "Copying is not allowed here.")),
      remove: setRemoving,
      jump(key) {
        if (list.current?.show(key)) setHighlighted(key);
      },
      open: setPicture,
      retry: outgoing.retry,
      discard: outgoing.discard,
      edit(message) {
        takeBack(message.text);
        outgoing.discard(message);
        field.current?.focus();
      },
    }),
    [answer, takeBack, field, list, say, setHighlighted, outgoing],
  );

  const replyTo = draft.replyTo === null ? null : (byKey.get(keyOf(draft.replyTo)) ?? null);
  const send = (text: string) => {
    follow();
    room.push("add", newMessage(me, text, replyTo === null ? null : replyTo.id, Date.now()));
    clear();
  };

  return {
    ...{ rows, byKey, list, atEnd, below, place, toEnd, highlighted, handlers, announced, said },
    ...{ draft, write, replyTo, send, removing, picture },
    cancelReply: () => answer(null),
    keep: () => setRemoving(null),
    removeNow: () => {
      if (removing !== null) outgoing.remove(removing);
      setRemoving(null);
      field.current?.focus();
    },
    closePicture: () => setPicture(null),
    focusLast: () => list.current?.focusLast(),
    sayHello: () => {
      write(HELLO);
      field.current?.focus();
    },
  };
}
