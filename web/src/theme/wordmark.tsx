/** The mark beside the name, at the door and in the room. */
import icon from "../icon.svg";
import styles from "./wordmark.module.css";

/** The mark and the name, as they stand on every page. */
export function Wordmark() {
  return (
    <span className={styles.wordmark}>
      <img src={icon} alt="" width="28" height="28" />
      Tidings
    </span>
  );
}
