/**
 * Fetches the present state over HTTP, with the cursor from which following it leaves no gap and no overlap.
 */
import type { Base } from "./base-url.ts";
import type { Environment } from "./environment.ts";
import { TidingsError } from "./errors.ts";
import { isObject } from "./topic-fold.ts";
import type { SyncState } from "./wire-types.ts";

export interface Snapshot {
  readonly state: SyncState;
  readonly cursor: string;
}

/** Rejects with a `TidingsError`: the server's own code, `unreachable`, or `bad_answer`. */
export async function fetchSnapshot(
  env: Environment,
  base: Base,
  token: string | null,
  timeoutMs: number,
): Promise<Snapshot> {
  const abort = new AbortController();
  const cancel = env.timers.after(timeoutMs, () => abort.abort());
  try {
    const answer = await env.fetch(addressOf(env, base), {
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
      cache: "no-store",
      signal: abort.signal,
    });
    const body: unknown = await answer.json().catch(() => null);
    return answer.ok ? readSnapshot(body, answer.headers.get("Tidings-Cursor")) : refuse(answer.status, body);
  } catch (error) {
    if (error instanceof TidingsError) throw error;
    throw new TidingsError("unreachable", `No answer from ${base.origin}: ${String(error)}`);
  } finally {
    cancel();
  }
}

function addressOf(env: Environment, base: Base): string {
  const query = new URLSearchParams();
  if (env.space !== "default") query.set("space", env.space);
  if (env.topics.length > 0) query.set("topics", env.topics.join(","));
  const text = query.toString();
  return `${base.origin}${base.prefix}/api/sync/data${text === "" ? "" : `?${text}`}`;
}

function readSnapshot(body: unknown, cursor: string | null): Snapshot {
  if (!isObject(body))
    throw new TidingsError("bad_answer", "The answer is no state; is this address a Tidings server?");
  if (cursor === null) {
    const sentence = "The answer has no Tidings-Cursor header; something between this page and the server removes it";
    throw new TidingsError("bad_answer", sentence);
  }
  return { state: body as SyncState, cursor };
}

function refuse(status: number, body: unknown): never {
  const { code, error } = isObject(body) ? (body as { code?: unknown; error?: unknown }) : {};
  throw new TidingsError(
    typeof code === "string" ? code : String(status),
    typeof error === "string" ? error : `The server answered ${status}`,
  );
}
