/** The list is one stop of the tab key: only inside its current message do links and buttons take part. */
import { createContext, use } from "react";

export const Reachable = createContext(true);

export function useTabIndex(): 0 | -1 {
  return use(Reachable) ? 0 : -1;
}
