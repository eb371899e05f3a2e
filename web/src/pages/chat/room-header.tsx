/** The head of the conversation: where we are, who is here, whether we are connected. */

import icon from "../../icon.svg";
import type { Connection, Presence } from "../../sync/room";
import { PeopleIcon } from "../../theme/icons";
import { peopleWords } from "./people";
import styles from "./room-header.module.css";

const CONNECTION_WORDS: Record<Connection["state"], string> = {
  online: "Connected",
  connecting: "Connecting…",
  offline: "Reconnecting…",
  ended: "Signed out",
};

interface Props {
  connection: Connection;
  presence: Presence | null;
  onShowPanel: () => void;
}

export function RoomHeader({ connection, presence, onShowPanel }: Props) {
  const reason = connection.state === "offline" || connection.state === "ended" ? connection.reason : undefined;
  return (
    <header className={styles.header}>
      <img className={styles.icon} src={icon} alt="" width="36" height="36" />
      <div className={styles.words}>
        <h1>Common room</h1>
        <p>
          <span className={styles.connection} data-testid="connection" data-state={connection.state} title={reason}>
            {CONNECTION_WORDS[connection.state]}
          </span>
          {connection.state === "online" && presence !== null && <span> · {peopleWords(presence)}</span>}
        </p>
      </div>
      <button
        type="button"
        className={`icon-button ${styles.more}`}
        aria-label="People, invitation and settings"
        onClick={onShowPanel}
        data-testid="show-panel"
      >
        <PeopleIcon />
      </button>
    </header>
  );
}
