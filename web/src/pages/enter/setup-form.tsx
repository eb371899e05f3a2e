/** Makes the first admin, with the secret of the one-time link. */
import { type FormEvent, useState } from "react";
import styles from "./enter.module.css";
import { Field } from "./field";
import type { Entrance } from "./use-entrance";

const PASSWORD_CHARS_MIN = 8;

interface Props {
  entrance: Entrance;
  secret: string;
  onSkip: () => void;
}

export function SetupForm({ entrance, secret, onSkip }: Props) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void entrance.knock({ door: "setup", secret, name: name.trim(), email: email.trim(), password });
  };

  return (
    <form onSubmit={submit} className={styles.form}>
      <Field
        label="Your name"
        value={name}
        onValue={setName}
        name="name"
        autoComplete="name"
        required
        maxLength={40}
        autoFocus
      />
      <Field label="Email" value={email} onValue={setEmail} name="email" type="email" autoComplete="email" required />
      <Field
        label="Password"
        hint={`At least ${PASSWORD_CHARS_MIN} characters. It cannot be looked up later, so keep it.`}
        value={password}
        onValue={setPassword}
        name="password"
        type="password"
        autoComplete="new-password"
        required
        minLength={PASSWORD_CHARS_MIN}
      />
      <button className="button" data-look="main" type="submit" disabled={entrance.busy} data-testid="join">
        {entrance.busy ? "One moment…" : "Make me the admin"}
      </button>
      <p className={styles.aside}>
        Not yours to set up?{" "}
        <button type="button" className={styles.link} onClick={onSkip}>
          Enter the room instead
        </button>
      </p>
    </form>
  );
}
