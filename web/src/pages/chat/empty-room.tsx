/** What stands in an empty list. It never claims that a room is empty before the server has said so. */
import styles from "./empty-room.module.css";

/** What stands where messages will be. */
export function EmptyRoom({ loaded, onHello }: { loaded: boolean; onHello: () => void }) {
  if (!loaded) {
    return (
      <div className={styles.empty} role="status">
        <span className={styles.swell} aria-hidden="true" />
        <p>Fetching messages…</p>
      </div>
    );
  }
  return (
    <div className={styles.empty} data-testid="empty-room">
      <span className={styles.sign} aria-hidden="true">
        👋
      </span>
      <h2>No messages yet</h2>
      <p>Say hello. Whoever comes later will find it here.</p>
      <button type="button" className="button" onClick={onHello}>
        Say hello…
      </button>
    </div>
  );
}
