/** Today's day number, renewed at midnight and when the page comes back from sleep. */
import { useEffect, useState } from "react";
import { dayOf, untilMidnight } from "./moment";

export function useToday(): number {
  const [today, setToday] = useState(() => dayOf(Date.now()));

  useEffect(() => {
    let timer = 0;
    const renew = () => {
      window.clearTimeout(timer);
      setToday(dayOf(Date.now()));
      timer = window.setTimeout(renew, untilMidnight(Date.now()));
    };
    renew();
    document.addEventListener("visibilitychange", renew);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", renew);
    };
  }, []);

  return today;
}
