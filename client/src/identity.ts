/**
 * Who is asking, as far as this page can tell: enough to keep one person's lists and unsent entries from another's.
 * A token is read, never verified; that is the server's work.
 */
import { fingerprint } from "./fingerprint.ts";

/** `server|id|role`, or `server|` without a token. */
export type Who = string;

export function whoIs(server: string, token: string | null): Who {
  if (token === null) return `${server}|`;
  const claims = readClaims(token);
  const id = claims && (text(claims["sub"]) ?? text(claims["userId"]) ?? text(claims["id"]));
  // An opaque token still tells itself from another.
  if (!claims || id === null) return `${server}|#${fingerprint(token)}|`;
  return `${server}|${id}|${text(claims["role"]) ?? "member"}`;
}

/** Whether lists kept for the one may be shown to the other: the same person, or from before anybody logged in. */
export function mayInherit(from: Who, to: Who): boolean {
  return from === to || from === to.slice(0, to.indexOf("|") + 1);
}

function readClaims(token: string): Record<string, unknown> | null {
  const payload = token.split(".")[1];
  if (payload === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function text(claim: unknown): string | null {
  if (typeof claim === "string" && claim !== "") return claim;
  return typeof claim === "number" ? String(claim) : null;
}
