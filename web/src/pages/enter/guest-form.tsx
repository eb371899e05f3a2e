/** The shortest way in: a name. */
import { type FormEvent, useState } from "react";
import { Avatar } from "../chat/avatar";
import styles from "./enter.module.css";
import { Field } from "./field";
import type { Entrance } from "./use-entrance";

const NAME_CHARS_MAX = 40;

export function GuestForm({ entrance, onHasAccount }: { entrance: Entrance; onHasAccount: () => void }) {
  const [name, setName] = useState("");
  const ready = name.trim() !== "";

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) void entrance.knock({ door: "guest", name: name.trim() });
  };

  return (
    <form onSubmit={submit} className={styles.form}>
      <div className={styles.nameRow}>
        <Avatar name={name.trim()} seed={name.trim()} size="large" />
        <Field
          label="Your name"
          value={name}
          onValue={setName}
          name="name"
          autoComplete="nickname"
          autoFocus
          required
          maxLength={NAME_CHARS_MAX}
          enterKeyHint="go"
          placeholder="How others will see you"
          data-testid="name-field"
        />
      </div>
      <button className="button" data-look="main" type="submit" disabled={entrance.busy} data-testid="join">
        {entrance.busy ? "Joining…" : "Join the room"}
      </button>
      <p className={styles.aside}>
        Have an account?{" "}
        <button type="button" className={styles.link} onClick={onHasAccount}>
          Sign in
        </button>
      </p>
    </form>
  );
}
