/** Initials on a colour of their own: the same person has the same colour everywhere, on every screen. */
import type { CSSProperties } from "react";
import styles from "./avatar.module.css";
import { hueOf, initialsOf } from "./person-mark";

interface Props {
  name: string;
  /** What the colour is made from: the id where there is one, so that a new name keeps the colour. */
  seed: string;
  size?: "small" | "medium" | "large";
}

export function Avatar({ name, seed, size = "medium" }: Props) {
  const initials = initialsOf(name);
  return (
    <span
      className={styles.avatar}
      data-size={size}
      data-blank={initials === "" || undefined}
      style={{ "--hue": hueOf(seed) } as CSSProperties}
      aria-hidden="true"
    >
      {initials}
    </span>
  );
}
