/** Sign in, or register: the same two fields, and a name for those who are new. */
import { type FormEvent, useState } from "react";
import styles from "./enter.module.css";
import { Field } from "./field";
import type { Entrance } from "./use-entrance";

const PASSWORD_CHARS_MIN = 8;

interface Props {
  entrance: Entrance;
  mode: "login" | "register";
  onMode: (mode: "login" | "register") => void;
  /** Absent where the server takes no guests. */
  onGuest?: (() => void) | undefined;
}

export function AccountForm({ entrance, mode, onMode, onGuest }: Props) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const isNew = mode === "register";

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const account = { email: email.trim(), password };
    void entrance.knock(isNew ? { door: "register", name: name.trim(), ...account } : { door: "login", ...account });
  };

  return (
    <form onSubmit={submit} className={styles.form}>
      {isNew && (
        <Field
          label="Your name"
          value={name}
          onValue={setName}
          name="name"
          autoComplete="name"
          required
          maxLength={40}
        />
      )}
      <Field label="Email" value={email} onValue={setEmail} name="email" type="email" autoComplete="email" required />
      <Field
        label="Password"
        value={password}
        onValue={setPassword}
        name="password"
        type="password"
        autoComplete={isNew ? "new-password" : "current-password"}
        required
        {...(isNew ? { minLength: PASSWORD_CHARS_MIN, hint: `At least ${PASSWORD_CHARS_MIN} characters.` } : {})}
      />
      <button className="button" data-look="main" type="submit" disabled={entrance.busy} data-testid="join">
        {entrance.busy ? "One moment…" : isNew ? "Create account" : "Sign in"}
      </button>
      <p className={styles.aside}>
        {isNew ? "Been here before? " : "New here? "}
        <button type="button" className={styles.link} onClick={() => onMode(isNew ? "login" : "register")}>
          {isNew ? "Sign in" : "Create an account"}
        </button>
        {onGuest !== undefined && (
          <>
            {" or "}
            <button type="button" className={styles.link} onClick={onGuest}>
              join as a guest
            </button>
          </>
        )}
      </p>
    </form>
  );
}
