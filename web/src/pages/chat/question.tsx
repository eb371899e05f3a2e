/** A yes-or-no question. Closing it is a no; the room asks it before it deletes, and before one signs out with words unsent. */
import { Dialog } from "./dialog";
import styles from "./question.module.css";

interface Props {
  title: string;
  children: string;
  yes: string;
  no: string;
  onYes: () => void;
  onNo: () => void;
}

/** Asks before something that cannot be taken back. */
export function Question({ title, children, yes, no, onYes, onNo }: Props) {
  return (
    <Dialog label={title} look="question" onClose={onNo}>
      <div className={styles.question}>
        <h2>{title}</h2>
        <p dir="auto">{children}</p>
        <div className={styles.answers}>
          <button type="button" className="button" onClick={onNo}>
            {no}
          </button>
          <button type="button" className="button" data-look="bad" onClick={onYes} data-testid="confirm">
            {yes}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
