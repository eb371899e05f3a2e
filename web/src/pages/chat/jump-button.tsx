/** The button that leads back to the end. The room shows it while somebody reads further up. */
import { DownIcon } from "../../theme/icons";
import styles from "./jump-button.module.css";

/** Back to the end, with the number of messages that came meanwhile. */
export function JumpButton({ below, onPress }: { below: number; onPress: (byKeyboard: boolean) => void }) {
  const words = below === 0 ? "" : below === 1 ? "1 new message" : `${below} new messages`;
  return (
    <button
      type="button"
      className={styles.jump}
      data-new={below > 0 || undefined}
      aria-label={words === "" ? "To the newest message" : undefined}
      onClick={({ detail }) => onPress(detail === 0)}
      data-testid="jump-to-end"
    >
      {words}
      <DownIcon />
    </button>
  );
}
