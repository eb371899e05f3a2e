/** One picture, large. The room opens it from an attachment; whoever follows the link tells nobody where they were. */
import { CloseIcon } from "../../theme/icons";
import { Dialog } from "./dialog";
import styles from "./lightbox.module.css";

/** A picture as large as the window allows. */
export function Lightbox({ url, onClose }: { url: string; onClose: () => void }) {
  return (
    <Dialog label="Picture" look="picture" onClose={onClose}>
      <div className={styles.box}>
        <img src={url} alt="" referrerPolicy="no-referrer" />
        <div className={styles.bar}>
          {!url.startsWith("data:") && (
            <a className="button" href={url} target="_blank" rel="noopener noreferrer nofollow">
              Open original
            </a>
          )}
          <button type="button" className="button" onClick={onClose}>
            <CloseIcon /> Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}
