/**
 * Where this window keeps who it is and what it has seen.
 *
 * Windows of one browser share `localStorage`, so a second window is the same person. The link `#someone-else` makes a
 * window keep to itself (its `sessionStorage`, which survives reloads and ends with the tab): two people, one browser.
 */

export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export const SOMEONE_ELSE = "#someone-else";
const OWN_WINDOW = "tidings.ownWindow";

/** Decides once, at start, and takes the request out of the address bar so that a copied address stays plain. */
export function windowStorage(page: Window): Store {
  const session = usable(() => page.sessionStorage);
  if (page.location.hash === SOMEONE_ELSE) {
    session?.setItem(OWN_WINDOW, "1");
    page.history.replaceState(null, "", page.location.pathname + page.location.search);
  }
  if (session?.getItem(OWN_WINDOW) === "1") return session;
  return usable(() => page.localStorage) ?? memoryStorage();
}

/** Storage may be switched off (the getter throws) or have no room at all. */
function usable(get: () => Storage): Storage | null {
  try {
    const storage = get();
    storage.setItem("tidings.probe", "1");
    storage.removeItem("tidings.probe");
    return storage;
  } catch {
    return null;
  }
}

/** Forgets with the page; better than no page. */
export function memoryStorage(): Store {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    key: (index) => [...values.keys()][index] ?? null,
    get length() {
      return values.size;
    },
  };
}

/** Writes, and answers whether there was room. */
export function store(storage: Store, key: string, value: string): boolean {
  try {
    storage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}
