/** The room of a session: opens the connection, and ends with it. */

import { useEffect, useRef } from "react";
import type { Session } from "../../session/session";
import type { Store } from "../../session/window-storage";
import { useRoom } from "../../sync/use-room";
import { ChatRoom } from "./chat-room";

interface Props {
  session: Session;
  storage: Store;
  onLeave: () => void;
  /** The server ended the session; says why. */
  onEnded: (reason: string) => void;
}

export function ChatPage({ session, storage, onLeave, onEnded }: Props) {
  const room = useRoom(session.token, storage);
  const ended = room.connection.state === "ended" ? room.connection.reason : null;
  const tell = useRef(onEnded);
  tell.current = onEnded;

  useEffect(() => {
    if (ended !== null) tell.current(ended);
  }, [ended]);

  return <ChatRoom room={room} me={session.user} storage={storage} onLeave={onLeave} />;
}
