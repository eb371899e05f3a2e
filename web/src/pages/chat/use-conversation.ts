/** What happens in the room: writing, answering, deleting, being at the end or not, and what arrives meanwhile. */
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Person } from "../../session/session";
import type { Store } from "../../session/window-storage";
import type { Room } from "../../sync/room";
import { useAnnouncer } from "./announcer";
import { newMessage } from "./compose";
import { copyText } from "./copy-text";
import { countBelow } from "./follow";
import { keyOf, type Message } from "./message";
import type { MessageHandlers } from "./message-handlers";
import type { ListControl } from "./message-list";
import type { MessageRowData } from "./rows";
import { useArrivals } from "./use-arrivals";
import { useDraft } from "./use-draft";
import { useMessages } from "./use-messages";
import { useUnreadTitle } from "./use-unread-title";

const HIGHLIGHT_MS = 2_000;
const SAID_MS = 4_000;
const HELLO = "Hello everyone 👋";

export function useConversation(room: Room, me: Person, storage: Store, field: RefObject<HTMLTextAreaElement | null>) {
  const messages = useMessages(room, me.id);
  const { rows, byKey } = messages;
  const { draft, write, takeBack, answer, clear } = useDraft(storage);
  const list = useRef<ListControl>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [below, setBelow] = useState(0);
  const [removing, setRemoving] = useState<Message | null>(null);
  const [picture, setPicture] = useState<string | null>(null);
  const [highlighted, setHighlighted] = usePassing<string>(HIGHLIGHT_MS);
  const [said, say] = usePassing<string>(SAID_MS);
  const { lines: announced, announce } = useAnnouncer();
  const countUnread = useUnreadTitle();
  const ownSend = useRef(false);

  useArrivals(messages, room.loaded, (arrived: MessageRowData[]) => {
    setBelow((count) => countBelow(count, arrived.length, atEnd));
    countUnread(arrived.length);
    announce(arrived);
  });

  // Whoever writes wants to see it, wherever they were reading.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the rows have the new message
  useEffect(() => {
    if (!ownSend.current) return;
    ownSend.current = false;
    list.current?.toEnd();
  }, [rows]);

  const place = useCallback((now: boolean) => {
    setAtEnd(now);
    if (now) setBelow(0);
  }, []);

  const { push, retry, discard } = room;
  const outbox = useRef(room.outbox);
  outbox.current = room.outbox;
  const outgoing = useCallback(
    ({ id }: Message) => outbox.current.find(({ action, data }) => action === "add" && idOf(data) === id),
    [],
  );

  const handlers = useMemo<MessageHandlers>(() => {
    const drop = (message: Message) => {
      const change = outgoing(message);
      if (change !== undefined) discard(change.key);
    };
    return {
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
      retry(message) {
        const change = outgoing(message);
        if (change !== undefined) retry(change.key);
      },
      discard: drop,
      edit(message) {
        takeBack(message.text);
        drop(message);
        field.current?.focus();
      },
    };
  }, [answer, takeBack, field, say, setHighlighted, outgoing, retry, discard]);

  const replyTo = draft.replyTo === null ? null : (byKey.get(keyOf(draft.replyTo)) ?? null);
  const send = (text: string) => {
    ownSend.current = true;
    push("add", newMessage(me, text, replyTo === null ? null : replyTo.id, Date.now()));
    clear();
  };

  /** What has not left yet is simply not sent; everything else is deleted at the server. */
  const remove = (message: Message) => {
    const change = outgoing(message);
    if (change?.status.state === "waiting" || change?.status.state === "refused") discard(change.key);
    else push("delete", { id: message.id });
  };
  useRefusedDeletion(room, say);

  return {
    ...{ rows, byKey, list, atEnd, below, place, highlighted, handlers, announced, said },
    ...{ draft, write, replyTo, send, removing, picture },
    cancelReply: () => answer(null),
    keep: () => setRemoving(null),
    removeNow: () => {
      if (removing !== null) remove(removing);
      setRemoving(null);
      field.current?.focus();
    },
    closePicture: () => setPicture(null),
    /** The button that was pressed goes away; with a keyboard, the focus must not go with it. */
    toEnd: (byKeyboard: boolean) => (byKeyboard ? list.current?.focusLast() : list.current?.toEnd()),
    focusLast: () => list.current?.focusLast(),
    sayHello: () => {
      write(HELLO);
      field.current?.focus();
    },
  };
}

/** A deletion that was refused leaves the message where it is and says why. */
function useRefusedDeletion({ outbox, discard }: Room, say: (words: string) => void): void {
  useEffect(() => {
    for (const { key, action, status } of outbox) {
      if (action !== "delete" || status.state !== "refused") continue;
      say(`Not deleted. ${status.reason}`);
      discard(key);
    }
  }, [outbox, discard, say]);
}

function idOf(data: unknown): unknown {
  return (data as { id?: unknown } | null)?.id;
}

/** A value that goes away by itself. */
function usePassing<T>(afterMs: number): [T | null, (value: T) => void] {
  const [value, setValue] = useState<T | null>(null);
  const timer = useRef(0);

  const set = useCallback(
    (next: T) => {
      window.clearTimeout(timer.current);
      setValue(next);
      timer.current = window.setTimeout(() => setValue(null), afterMs);
    },
    [afterMs],
  );
  useEffect(() => () => window.clearTimeout(timer.current), []);

  return [value, set];
}
