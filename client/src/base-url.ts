/**
 * Where the server is. Apps write `http://localhost:3001/api`, `http://localhost:3001/` or nothing at all; all three
 * lead to one origin, one Socket.IO path and one API path.
 */
import type { FetchLike, Surroundings, Timers } from "./environment.ts";
import { PROBE_MAX_MS } from "./limits.ts";

export const FALLBACK_URL = "http://localhost:3001";

export interface Base {
  readonly origin: string;
  /** What stands before `/api` and `/socket.io`, without a slash at its end; usually empty. */
  readonly prefix: string;
}

/** Throws a `TypeError` with a sentence when the text is no http(s) URL. */
export function parseBase(url: string, pageOrigin: string | null): Base {
  const parsed = readUrl(url, pageOrigin);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new TypeError(`"${url}" is no address of a Tidings server; use one like http://localhost:3001`);
  }
  const prefix = parsed.pathname
    .replace(/\/+$/, "")
    .replace(/\/api$/, "")
    .replace(/\/+$/, "");
  return { origin: parsed.origin, prefix };
}

function readUrl(url: string, pageOrigin: string | null): URL | null {
  const text = url.trim().replace(/^ws(s?):/i, "http$1:");
  try {
    // "localhost:3001" alone would be read as a scheme.
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text.startsWith("/")
      ? new URL(text, pageOrigin ?? FALLBACK_URL)
      : new URL(`http://${text}`);
  } catch {
    return null;
  }
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The default when the page names no server: its own origin. A page on this machine may come from a development server
 * (Vite, webpack) that answers every path with its page, so there the origin is asked first. Only an answer that is not
 * Tidings' sends us elsewhere; silence means that the server we came from is away for a moment.
 */
export async function guessBase(where: Surroundings["location"], fetch: FetchLike, timers: Timers): Promise<Base> {
  if (where === null) return parseBase(FALLBACK_URL, null);
  const own = parseBase(where.origin, null);
  if (!LOOPBACK.test(where.hostname)) return own;
  return (await answersOtherwise(own, fetch, timers)) ? parseBase(FALLBACK_URL, null) : own;
}

async function answersOtherwise(base: Base, fetch: FetchLike, timers: Timers): Promise<boolean> {
  const abort = new AbortController();
  const cancel = timers.after(PROBE_MAX_MS, () => abort.abort());
  try {
    const answer = await fetch(`${base.origin}/api/health`, { headers: {}, cache: "no-store", signal: abort.signal });
    return !isHealth(await answer.json().catch(() => null));
  } catch {
    return false;
  } finally {
    cancel();
  }
}

function isHealth(body: unknown): boolean {
  return typeof body === "object" && body !== null && "status" in body && "clients" in body;
}
