/** Which page this window shows: the door, or the room. */
import { useEffect, useState } from "react";
import { ChatPage } from "./pages/chat/chat-page";
import { forgetDraft } from "./pages/chat/use-draft";
import { EnterPage } from "./pages/enter/enter-page";
import { leave } from "./session/auth-api";
import type { Session } from "./session/session";
import { takeSetupSecret } from "./session/setup-link";
import { useSession } from "./session/use-session";
import { SOMEONE_ELSE, type Store } from "./session/window-storage";
import type { UseRoom } from "./sync/room";
import { forgetCopy } from "./sync/service";

interface Props {
  storage: Store;
  setupSecret: string | null;
  useRoom: UseRoom;
}

export function App({ storage, setupSecret, useRoom }: Props) {
  const { session, begin, end } = useSession(storage);
  const [secret, setSecret] = useState(setupSecret);
  const [notice, setNotice] = useState<string | null>(null);

  // The next person at this browser finds nothing of the last one.
  useEffect(() => {
    if (session === null) forgetCopy(storage);
  }, [session, storage]);

  // A link opened in a window that already shows this page only changes the fragment.
  useEffect(() => {
    const follow = () => {
      const given = takeSetupSecret(window);
      if (given !== null) setSecret(given);
      if (window.location.hash === SOMEONE_ELSE) window.location.reload();
    };
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);

  const enter = (next: Session) => {
    setSecret(null);
    setNotice(null);
    begin(next);
  };

  // A set-up link is followed even where somebody is signed in: it can be used only once.
  if (session === null || secret !== null) {
    return (
      <EnterPage
        key={secret}
        setupSecret={secret}
        notice={notice}
        onEntered={enter}
        onSkipSetup={() => setSecret(null)}
      />
    );
  }
  return (
    <ChatPage
      key={session.token}
      session={session}
      storage={storage}
      useRoom={useRoom}
      onLeave={() => {
        void leave(session.token);
        forgetDraft(storage);
        end();
      }}
      onEnded={(reason, unsent) => {
        const kept = unsent > 0 ? " What you had not sent yet is kept for this account." : "";
        setNotice(`You were signed out. ${reason}${kept}`);
        end();
      }}
    />
  );
}
