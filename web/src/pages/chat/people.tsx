/** Who is here, each person once however many windows they have open. */
import type { Presence } from "../../sync/room";
import { Avatar } from "./avatar";
import { readName } from "./message";
import styles from "./people.module.css";

export function peopleWords(presence: Presence): string {
  const count = presence.people.length;
  if (count <= 1) return "Just you here";
  return `${count} people here`;
}

interface Props {
  /** Null while nobody can tell. */
  presence: Presence | null;
  myId: string;
}

export function People({ presence, myId }: Props) {
  return (
    <section aria-labelledby="people-title" className={styles.people}>
      <h2 id="people-title">
        Here now {presence !== null && <span data-testid="people-count">{presence.people.length}</span>}
      </h2>
      {presence === null && <p className={styles.unknown}>Known again once connected.</p>}
      <ul data-testid="people">
        {presence?.people.map(({ id, name }) => (
          <li key={id}>
            <Avatar name={readName(name)} seed={id} size="small" />
            <span className={styles.name} dir="auto">
              {readName(name)}
            </span>
            {id === myId && <span className={styles.you}>you</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
