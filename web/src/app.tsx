/** Which page this window shows: the door, or the room. */
import { useEffect, useState } from "react";
import { ChatPage } from "./pages/chat/chat-page";
import { forgetDraft } from "./pages/chat/use-draft";
import { EnterPage } from "./pages/enter/enter-page";
import { leave } from "./session/auth-api";
import type { Session } from "./session/session";
import { useSession } from "./session/use-session";
import type { Store } from "./session/window-storage";
import { forgetCopy } from "./sync/service";

interface Props {
  storage: Store;
  setupSecret: string | null;
}

export function App({ storage, setupSecret }: Props) {
  const { session, begin, end } = useSession(storage);
  const [secret, setSecret] = useState(setupSecret);
  const [notice, setNotice] = useState<string | null>(null);

  // The next person at this browser finds nothing of the last one.
  useEffect(() => {
    if (session === null) forgetCopy(storage);
  }, [session, storage]);

  const enter = (next: Session) => {
    setSecret(null);
    setNotice(null);
    begin(next);
  };

  // A set-up link is followed even where somebody is signed in: it can be used only once.
  if (session === null || secret !== null) {
    return <EnterPage setupSecret={secret} notice={notice} onEntered={enter} />;
  }
  return (
    <ChatPage
      key={session.token}
      session={session}
      storage={storage}
      onLeave={() => {
        void leave(session.token);
        forgetDraft(storage);
        end();
      }}
      onEnded={(reason) => {
        setNotice(`You were signed out. ${reason}`);
        end();
      }}
    />
  );
}
