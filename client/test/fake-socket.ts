/**
 * The page's end of a line to the fake server, with the habits of the stock client: after a loss it returns by itself
 * with the offset its handlers saw, which then counts more than `auth.cursor`; after a server's no it does not return.
 */
import type { SocketHandlers, SocketPort, SocketTarget } from "../src/index.ts";
import type { FakeServer } from "./fake-server.ts";

export class FakeSocket implements SocketPort {
  readonly raw = null;
  readonly target: SocketTarget;
  auth: Record<string, unknown> = {};
  isLive = false;
  /** While true, nothing is delivered: a slow line. */
  isHeld = false;
  restMs = 0;
  readonly sent: unknown[] = [];
  readonly #server: FakeServer;
  readonly #handlers: SocketHandlers;
  #wants = false;
  #isDead = false;
  #offset: string | null = null;
  #served = 0;
  #breakOff: (() => void)[] = [];

  constructor(server: FakeServer, target: SocketTarget, handlers: SocketHandlers) {
    this.#server = server;
    this.#handlers = handlers;
    this.target = target;
    server.sockets.add(this);
  }

  open(): void {
    this.#wants = true;
    this.tryOpen();
  }

  close(): void {
    this.#wants = false;
    this.#drop();
  }

  /** The page is gone: nothing reaches it and nothing comes from it any more. */
  die(): void {
    this.#server.sockets.delete(this);
    this.close();
    this.#isDead = true;
  }

  tryOpen(): void {
    if (this.#isDead || !this.#wants || this.isLive) return;
    queueMicrotask(() => {
      if (this.#isDead || !this.#wants || this.isLive) return;
      if (!this.#server.isUp) this.#handlers.down({ kind: "lost", reason: "xhr poll error", retrying: true });
      else this.#greet();
    });
  }

  #greet(): void {
    this.auth = this.#handlers.auth();
    const refusal = this.#server.refusedTokens.get(String(this.auth["token"]));
    if (refusal) {
      this.#wants = false;
      this.#handlers.down({ kind: "refused", ...refusal });
      return;
    }
    this.isLive = true;
    const place = this.#server.positionOf(this.#offset ?? this.auth["cursor"]);
    this.#served = place ?? this.#server.journal.length;
    const user =
      typeof this.auth["token"] === "string" ? { id: this.auth["token"], name: this.auth["token"] } : undefined;
    this.event("connected", { message: "welcome", space: "default", user, clients: 1, resumed: place !== null });
    if (this.#server.tellsReset && place === null && (this.#offset ?? this.auth["cursor"]) !== undefined)
      this.reset("unknown_cursor");
    this.deliver();
  }

  /** Any event of the server, ending in the cursor of what has been served. */
  event(name: string, payload?: unknown): void {
    const cursor = this.#server.cursorAt(this.#served);
    this.#handlers.event(name, payload === undefined ? [cursor] : [payload, cursor]);
    this.#offset = cursor;
  }

  signal(payload: unknown): void {
    this.#handlers.event("signal", [payload]);
  }

  /** What was missed is given up. */
  reset(reason: string): void {
    this.#served = this.#server.journal.length;
    this.event("reset", { reason });
  }

  /** Entries of others have passed that this socket may not read. */
  mark(): void {
    this.#served = this.#server.journal.length;
    this.event("mark");
  }

  deliver(): void {
    while (this.isLive && !this.isHeld && this.#served < this.#server.journal.length) {
      const entry = this.#server.journal[this.#served];
      this.#served += 1;
      if (entry) this.event("sync_update", JSON.parse(JSON.stringify({ ...entry, key: undefined })));
    }
  }

  /** The same entries once more, as a client may see them whose last poll crossed a close. */
  repeat(count: number): void {
    this.#served -= count;
    this.deliver();
  }

  cut(reason = "transport close"): void {
    if (!this.isLive) return;
    this.#drop();
    this.#handlers.down({ kind: "lost", reason, retrying: true });
  }

  /** The server ends the session itself; the stock client does not return from that. */
  dismiss(): void {
    this.#drop();
    this.#wants = false;
    this.#handlers.down({ kind: "lost", reason: "io server disconnect", retrying: false });
  }

  async request(event: string, payload: unknown, _timeoutMs: number): Promise<unknown> {
    if (!this.isLive || event !== "push") return null;
    const broken = new Promise<null>((resolve) => this.#breakOff.push(() => resolve(null)));
    const answered = Promise.resolve().then(() =>
      this.#server.receive(payload, (this.auth["token"] as string) ?? null),
    );
    return Promise.race([answered, broken]);
  }

  send(event: string, payload: unknown): void {
    if (this.isLive) this.sent.push([event, payload]);
  }

  restAtLeast(delayMs: number): void {
    this.restMs = delayMs;
  }

  #drop(): void {
    this.isLive = false;
    for (const breakOff of this.#breakOff.splice(0)) breakOff();
  }
}
