/**
 * A naive Tidings server: one journal in memory, followed by cursor, with the answers of docs/protocol.md and without
 * any cleverness. It judges: what it holds is what every page must end with.
 */
import type { FetchLike, JsonObject, SyncState } from "../src/index.ts";
import type { FakeSocket } from "./fake-socket.ts";

export interface Entry {
  readonly type: string;
  readonly action: string;
  readonly data: unknown;
  readonly timestamp: number;
  readonly author: string | null;
  readonly seq: number;
  readonly key: string | null;
}

type Refusal = { readonly error: string; readonly code: string };

export class FakeServer {
  journal: Entry[] = [];
  isUp = true;
  /** Entries before this position cannot be replayed any more. */
  trimmedBefore = 0;
  /** Changes when the server comes back from another backup: old cursors mean nothing then. */
  era = "a";
  /** Whether a cursor that cannot be followed from is answered with `reset`, or by `resumed: false` alone. */
  tellsReset = true;
  /** Answers to the next pushes, instead of the usual ones. */
  readonly verdicts: (Refusal | "lose-ack" | "lose-push")[] = [];
  /** Every push that arrived, retries included. */
  readonly arrivals: { readonly key: string; readonly id: unknown }[] = [];
  readonly refusedTokens = new Map<string, { readonly message: string; readonly code: string | null }>();
  /** Status of `/api/sync/data`, other than 200. */
  dataStatus = 200;
  /** Runs after the state was read and before the answer arrives. */
  whileAnswering: () => void = () => {};
  readonly dataTokens: (string | null)[] = [];
  readonly sockets = new Set<FakeSocket>();

  get live(): FakeSocket[] {
    return [...this.sockets].filter((socket) => socket.isLive);
  }

  cursorAt(position: number): string {
    return `${this.era}${position}`;
  }

  /** The position of a cursor that can be followed from, else null. */
  positionOf(cursor: unknown): number | null {
    if (typeof cursor !== "string" || !cursor.startsWith(this.era)) return null;
    const position = Number(cursor.slice(this.era.length));
    return position >= this.trimmedBefore && position <= this.journal.length ? position : null;
  }

  /** Takes a change and delivers it to everybody who is connected. */
  write(
    type: string,
    action: string,
    data: unknown,
    author: string | null = "someone",
    key: string | null = null,
  ): Entry {
    const seq = this.journal.filter((entry) => entry.type === type).length + 1;
    const entry = { type, action, data, timestamp: 1_000 + this.journal.length, author, seq, key };
    this.journal.push(entry);
    for (const socket of this.live) socket.deliver();
    return entry;
  }

  receive(payload: unknown, token: string | null): unknown {
    const { type, action, data, key } = payload as {
      type: string;
      action: string;
      data: JsonObject | null;
      key: string;
    };
    this.arrivals.push({ key, id: data?.["id"] });
    const verdict = this.verdicts.shift();
    if (verdict === "lose-push") return null;
    if (typeof verdict === "object") return verdict;
    const receipt = this.#receipt(type, action, data, key, token);
    return verdict === "lose-ack" ? null : receipt;
  }

  #receipt(type: string, action: string, data: unknown, key: string, token: string | null): unknown {
    if (token === null) return { error: "sign in first", code: "unauthorized" };
    const earlier = this.journal.findIndex((entry) => entry.key === key && entry.author === token);
    if (earlier < 0) this.write(type, action, data, token, key);
    const place = earlier < 0 ? this.journal.length : earlier + 1;
    const seq = this.journal[place - 1]?.seq ?? 0;
    return { success: true, position: place, seq, cursor: this.cursorAt(place), duplicate: earlier >= 0 };
  }

  state(): SyncState {
    const state: Record<string, JsonObject[] | JsonObject> = Object.create(null);
    for (const { type, action, data } of this.journal) {
      const change = data as JsonObject | null;
      const isDocument = change !== null && !("id" in change);
      if (isDocument) state[type] = change;
      else state[type] = foldNaively((state[type] as JsonObject[] | undefined) ?? [], action, change);
    }
    return state as SyncState;
  }

  readonly fetch: FetchLike = async (url, init) => {
    if (!this.isUp) throw new TypeError("fetch failed");
    this.dataTokens.push(init.headers["Authorization"] ?? null);
    if (!new URL(url).pathname.endsWith("/api/sync/data"))
      return answer(404, { error: "no such path", code: "not_found" });
    if (this.dataStatus !== 200) return answer(this.dataStatus, { error: "not now", code: String(this.dataStatus) });
    const body = JSON.stringify(this.state());
    const cursor = this.cursorAt(this.journal.length);
    this.whileAnswering();
    return answer(200, JSON.parse(body), cursor);
  };

  /** Every line breaks; nobody gets in until `comeBack`. */
  goDown(): void {
    this.isUp = false;
    for (const socket of this.live) socket.cut();
  }

  comeBack(): void {
    this.isUp = true;
    for (const socket of this.sockets) socket.tryOpen();
  }
}

function foldNaively(items: JsonObject[], action: string, data: JsonObject | null): JsonObject[] {
  if (action === "clear" || data === null) return [];
  const place = items.findIndex((item) => item["id"] === data["id"]);
  if (action === "delete") return items.filter((item) => item["id"] !== data["id"]);
  if (place < 0) return [...items, data];
  return action === "add" ? items : items.map((item, index) => (index === place ? data : item));
}

function answer(status: number, body: unknown, cursor: string | null = null): Awaited<ReturnType<FetchLike>> {
  return {
    ok: status === 200,
    status,
    headers: { get: (name) => (name.toLowerCase() === "tidings-cursor" ? cursor : null) },
    json: async () => body,
  };
}
