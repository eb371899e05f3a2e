/** Everything about the room that is not the conversation: who is here, how to bring someone, and me. */
import type { Person } from "../../session/session";
import type { Presence } from "../../sync/room";
import { LeaveIcon } from "../../theme/icons";
import { ThemeSwitch } from "../../theme/theme-switch";
import { Avatar } from "./avatar";
import { Invite } from "./invite";
import { People } from "./people";
import styles from "./side-panel.module.css";

interface Props {
  me: Person;
  presence: Presence | null;
  onLeave: () => void;
}

export function SidePanel({ me, presence, onLeave }: Props) {
  return (
    <div className={styles.panel}>
      <div className={styles.scroll}>
        <People presence={presence} myId={me.id} />
        <Invite />
      </div>
      <div className={styles.me}>
        <Avatar name={me.name} seed={me.id} />
        <p className={styles.name}>
          <strong dir="auto" data-testid="my-name">
            {me.name}
          </strong>
          {me.role === "admin" && <small>admin</small>}
        </p>
        <button
          type="button"
          className="icon-button"
          aria-label="Sign out"
          title="Sign out"
          onClick={onLeave}
          data-testid="sign-out"
        >
          <LeaveIcon />
        </button>
      </div>
      <div className={styles.theme}>
        <span aria-hidden="true">Colours</span>
        <ThemeSwitch />
      </div>
    </div>
  );
}
