/** The line between two days. The list draws it wherever `buildRows` put a day row. */
import styles from "./day-row.module.css";
import { dayLabel } from "./moment";

/** Separates two days, with a swell on either side. */
export function DayRow({ day, today }: { day: number; today: number }) {
  return (
    <h2 className={styles.day}>
      <span>{dayLabel(day, today)}</span>
    </h2>
  );
}
