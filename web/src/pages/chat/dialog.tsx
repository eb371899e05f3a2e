/** A modal window on the browser's own dialog: focus stays in it, Escape and a press outside close it. */
import { type MouseEvent, type ReactNode, useLayoutEffect, useRef } from "react";
import styles from "./dialog.module.css";

interface Props {
  label: string;
  look: "question" | "drawer" | "picture" | "reader";
  onClose: () => void;
  children: ReactNode;
}

export function Dialog({ label, look, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);

  // Before the element leaves the page: closing gives the focus back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element !== null && !element.open) element.showModal();
    return () => element?.close();
  }, []);

  const pressOutside = (event: MouseEvent) => {
    if (event.target === dialog.current) onClose();
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      className={styles.dialog}
      data-look={look}
      aria-label={label}
      onCancel={onClose}
      onClick={pressOutside}
    >
      {children}
    </dialog>
  );
}
