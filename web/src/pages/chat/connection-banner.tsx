/** Says calmly that the line is down, and that nothing is lost by it. */
import type { Connection } from "../../sync/room";
import styles from "./connection-banner.module.css";
import { useSettledOffline } from "./use-settled-offline";

function waitingWords(waiting: number): string {
  if (waiting === 0) return "What you write is kept and will be sent.";
  return waiting === 1 ? "1 message is kept and will be sent." : `${waiting} messages are kept and will be sent.`;
}

export function ConnectionBanner({ connection, waiting }: { connection: Connection; waiting: number }) {
  const shown = useSettledOffline(connection.state);
  return (
    <div role="status" aria-live="polite">
      {shown && (
        <p className={styles.banner} data-testid="offline-banner">
          <span className={styles.swell} aria-hidden="true" />
          <span>
            <strong>Reconnecting…</strong> {waitingWords(waiting)}
          </span>
        </p>
      )}
    </div>
  );
}
