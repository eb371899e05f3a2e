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

export function People({ presence, myId }: { presence: Presence; myId: string }) {
  return (
    <section aria-labelledby="people-title" className={styles.people}>
      <h2 id="people-title">
        Here now <span data-testid="people-count">{presence.people.length}</span>
      </h2>
      <ul data-testid="people">
        {presence.people.map(({ id, name }) => (
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
