/** The room of a session: opens the connection, and ends with it. */

import { useEffect, useRef } from "react";
import type { Session } from "../../session/session";
import type { Store } from "../../session/window-storage";
import type { UseRoom } from "../../sync/room";
import { ChatRoom } from "./chat-room";

interface Props {
  session: Session;
  storage: Store;
  useRoom: UseRoom;
  onLeave: () => void;
  /** The server ended the session; says why, and how many messages were not sent yet. */
  onEnded: (reason: string, unsent: number) => void;
}

export function ChatPage({ session, storage, useRoom, onLeave, onEnded }: Props) {
  const room = useRoom(session.token, storage);
  const ended = room.connection.state === "ended" ? room.connection.reason : null;
  const tell = useRef((_reason: string) => {});
  tell.current = (reason) => onEnded(reason, room.outbox.length);

  useEffect(() => {
    if (ended !== null) tell.current(ended);
  }, [ended]);

  return <ChatRoom room={room} me={session.user} storage={storage} onLeave={onLeave} />;
}
