/** Who this window is: a token and a person, kept across reloads. The token's place is the one the client reads. */
import { type Store, store } from "./window-storage";

export interface Person {
  id: string;
  name: string;
  role: string;
}

export interface Session {
  token: string;
  user: Person;
}

export const TOKEN_KEY = "authToken";
export const USER_KEY = "tidings.user";

export function loadSession(storage: Store): Session | null {
  const token = storage.getItem(TOKEN_KEY);
  if (token === null || token === "") return null;
  const user = readPerson(parseJson(storage.getItem(USER_KEY))) ?? personInToken(token);
  return user === null ? null : { token, user };
}

export function saveSession(storage: Store, session: Session): void {
  // The token last: other windows follow its change, and then the person must be there.
  store(storage, USER_KEY, JSON.stringify(session.user));
  store(storage, TOKEN_KEY, session.token);
}

export function forgetSession(storage: Store): void {
  storage.removeItem(TOKEN_KEY);
  storage.removeItem(USER_KEY);
}

/** A person in a server's answer or in storage, or null. */
export function readPerson(value: unknown): Person | null {
  if (value === null || typeof value !== "object") return null;
  const { id, name, role } = value as Record<string, unknown>;
  if ((typeof id !== "string" && typeof id !== "number") || id === "") return null;
  return {
    id: String(id),
    name: typeof name === "string" && name.trim() !== "" ? name.trim() : "Someone",
    role: typeof role === "string" ? role : "member",
  };
}

/** The person a token names, for tokens that another app of this address left here. Only for display: the server decides. */
function personInToken(token: string): Person | null {
  const claims = parseJson(decodeBase64Url(token.split(".")[1] ?? ""));
  if (claims === null || typeof claims !== "object") return null;
  const { sub, userId, id, name, role } = claims as Record<string, unknown>;
  return readPerson({ id: sub ?? userId ?? id, name, role });
}

function decodeBase64Url(text: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    return null;
  }
}

function parseJson(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
