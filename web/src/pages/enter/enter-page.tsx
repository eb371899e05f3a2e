/**
 * The door: choose a name where guests are welcome, sign in or register where they are not, or set the server up
 * with its one-time link. The server decides; this page only learns of it when a guest is refused.
 */
import { useEffect, useState } from "react";
import type { Session } from "../../session/session";
import { AlertIcon } from "../../theme/icons";
import { ThemeSwitch } from "../../theme/theme-switch";
import { Wordmark } from "../../theme/wordmark";
import { AccountForm } from "./account-form";
import styles from "./enter.module.css";
import { GuestForm } from "./guest-form";
import { SetupForm } from "./setup-form";
import { useEntrance } from "./use-entrance";

type Mode = "guest" | "login" | "register" | "setup";

const HEADINGS: Record<Mode, { title: string; lead: string }> = {
  guest: {
    title: "Come on in",
    lead: "Pick a name and you are in the room. Everyone there sees what you write at once.",
  },
  login: { title: "Welcome back", lead: "Sign in with the account you have on this server." },
  register: {
    title: "Nice to meet you",
    lead: "Create an account on this server. It stays here and goes nowhere else.",
  },
  setup: { title: "Set up this server", lead: "You opened the one-time link. The account you make now is the admin." },
};

interface Props {
  setupSecret: string | null;
  /** Why the previous session ended, when it did not end by choice. */
  notice: string | null;
  onEntered: (session: Session) => void;
  /** The set-up link is put aside. */
  onSkipSetup: () => void;
}

export function EnterPage({ setupSecret, notice, onEntered, onSkipSetup }: Props) {
  const [mode, setMode] = useState<Mode>(setupSecret === null ? "guest" : "setup");
  const [guestsRefused, setGuestsRefused] = useState(false);
  const entrance = useEntrance(onEntered);
  const { problem, calm } = entrance;

  useEffect(() => {
    if (mode !== "guest" || problem?.why !== "refused") return;
    setGuestsRefused(true);
    setMode("login");
    calm();
  }, [mode, problem, calm]);

  const show = (next: Mode) => {
    calm();
    setMode(next);
  };
  const skipSetup = () => {
    show("guest");
    onSkipSetup();
  };
  const { title, lead } = HEADINGS[mode];
  const note =
    guestsRefused && mode !== "setup" ? "This server takes no guests: sign in, or create an account." : notice;

  return (
    <main className={styles.page}>
      <div className={styles.top}>
        <Wordmark />
        <ThemeSwitch />
      </div>
      <section className={styles.card} aria-labelledby="enter-title">
        <h1 id="enter-title">{title}</h1>
        <p className={styles.lead}>{lead}</p>
        {note !== null && (
          <p className={styles.note} role="status">
            {note}
          </p>
        )}
        {problem !== null && (
          <p className={styles.problem} role="alert" data-testid="enter-problem">
            <AlertIcon />
            <span>{problem.message}</span>
          </p>
        )}
        {mode === "guest" && <GuestForm entrance={entrance} onHasAccount={() => show("login")} />}
        {(mode === "login" || mode === "register") && (
          <AccountForm
            entrance={entrance}
            mode={mode}
            onMode={show}
            onGuest={guestsRefused ? undefined : () => show("guest")}
          />
        )}
        {mode === "setup" && setupSecret !== null && (
          <SetupForm entrance={entrance} secret={setupSecret} onSkip={skipSetup} />
        )}
      </section>
      <div className={styles.sea} aria-hidden="true">
        <span />
        <span />
        <span />
      </div>
    </main>
  );
}
