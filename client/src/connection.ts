/**
 * The life of the line: from `connect()` to `disconnect()`, through every loss and refusal between. One state at a time;
 * each change of it is one line on the console, with the reason. What arrives is handed on, not understood, here.
 */
import type { ConnectionState } from "./api.ts";
import { Backoff } from "./backoff.ts";
import type { Base } from "./base-url.ts";
import type { Environment } from "./environment.ts";
import { isRetryable } from "./errors.ts";
import { REFUSED_RETRY_MS } from "./limits.ts";
import type { Down, SocketPort } from "./socket-port.ts";
import { isObject } from "./topic-fold.ts";
import type { PublicUser } from "./wire-types.ts";

export interface ConnectionParts {
  readonly env: Environment;
  readonly findBase: () => Promise<Base>;
  /** Where following goes on; null: nowhere yet. */
  readonly cursor: () => string | null;
  /** Called before the first opening: a first snapshot, so that following starts with it. Never rejects. */
  readonly prepare: (base: Base) => Promise<void>;
  readonly onState: (state: ConnectionState) => void;
  /** The server follows from this cursor on; not resumed: what was before it is missing. */
  readonly onStart: (resumed: boolean, cursor: string | null) => void;
  readonly onEvent: (name: string, args: readonly unknown[]) => void;
}

export class Connection {
  readonly #parts: ConnectionParts;
  readonly #backoff: Backoff;
  #state: ConnectionState = { phase: "idle" };
  #port: SocketPort | null = null;
  #base: Base | null = null;
  /** Counts openings, so that what an abandoned one still reports is not heard. */
  #opening = 0;
  #token: string | null = null;
  #cancelRetry: (() => void) | null = null;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.env.random);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get port(): SocketPort | null {
    return this.#port;
  }

  get base(): Base | null {
    return this.#base;
  }

  /** Opens a new line with this token, leaving the old one if there is one. */
  async start(token: string | null): Promise<void> {
    this.#leave();
    const opening = this.#opening;
    this.#token = token;
    this.#enter({ phase: "connecting" }, token === null ? "without a token" : "with a token");
    const base = await this.#parts.findBase();
    if (opening !== this.#opening) return;
    this.#base = base;
    await this.#parts.prepare(base);
    if (opening !== this.#opening) return;
    this.#port = this.#openPort(base, opening);
    this.#port.open();
  }

  /** The same person with a fresh token: the line is opened again and resumes. */
  renew(token: string | null): void {
    this.#token = token;
    if (this.#port === null) return;
    this.#cancelPlannedRetry();
    this.#port.close();
    this.#enter({ phase: "connecting" }, "with a new token");
    this.#port.open();
  }

  stop(): void {
    this.#leave();
    this.#enter({ phase: "idle" }, "disconnect() was called");
  }

  /** The network came back or the page is looked at: do not wait for the next planned try. */
  wake(): void {
    if (this.#state.phase !== "offline" || this.#port === null) return;
    this.#cancelPlannedRetry();
    this.#port.close();
    this.#port.open();
  }

  #leave(): void {
    this.#opening += 1;
    this.#cancelPlannedRetry();
    this.#port?.close();
    this.#port = null;
  }

  #openPort(base: Base, opening: number): SocketPort {
    const { env } = this.#parts;
    const target = {
      origin: base.origin,
      path: `${base.prefix}/socket.io`,
      namespace: env.space === "default" ? "/" : `/${env.space}`,
      transports: env.transports,
    };
    return env.openSocket(target, {
      auth: () => this.#auth(),
      event: (name, args) => {
        if (opening === this.#opening) this.#hear(name, args);
      },
      down: (why) => {
        if (opening === this.#opening) this.#goDown(why);
      },
    });
  }

  #auth(): Record<string, unknown> {
    const { env, cursor } = this.#parts;
    const place = cursor();
    return {
      ...(this.#token === null ? {} : { token: this.#token }),
      ...(place === null ? {} : { cursor: place }),
      ...(env.topics.length === 0 ? {} : { topics: env.topics }),
    };
  }

  #hear(name: string, args: readonly unknown[]): void {
    if (name === "connected") this.#greet(args);
    else if (name === "refused") this.#refuse(args[0]);
    else if (name === "goaway") this.#rest(args[0]);
    else this.#parts.onEvent(name, args);
  }

  #greet(args: readonly unknown[]): void {
    const hello = isObject(args[0]) ? args[0] : {};
    const cursor = args[args.length - 1];
    const resumed = hello["resumed"] === true;
    this.#backoff.reset();
    this.#parts.onStart(resumed, typeof cursor === "string" ? cursor : null);
    const clients = typeof hello["clients"] === "number" ? hello["clients"] : 0;
    const user = readUser(hello["user"]);
    const name = user ? `as ${user.name}` : "anonymously";
    this.#enter({ phase: "connected", resumed, user, clients }, `${name}, ${resumed ? "resumed" : "not resumed"}`);
  }

  /** The server says why, and ends the socket. */
  #refuse(told: unknown): void {
    const { code, message } = isObject(told) ? (told as { code?: unknown; message?: unknown }) : {};
    const sentence = typeof message === "string" ? message : "The server ended the connection";
    this.#endRefused(typeof code === "string" ? code : "refused", sentence);
  }

  #rest(told: unknown): void {
    const restMs = isObject(told) ? told["retry_after_ms"] : null;
    if (typeof restMs === "number" && restMs > 0) this.#port?.restAtLeast(restMs);
  }

  #goDown(why: Down): void {
    if (why.kind === "refused") return this.#endRefused(why.code ?? "refused", why.message);
    this.#enter({ phase: "offline", reason: why.reason }, `${why.reason}; trying again`);
    // The server closed the session itself: socket.io leaves coming back to us.
    if (!why.retrying) this.#retryIn(this.#backoff.nextMs());
  }

  #endRefused(code: string, message: string): void {
    this.#port?.close();
    if (isRetryable(code)) {
      this.#enter({ phase: "offline", reason: message }, `${message}; trying again`);
      return this.#retryIn(this.#backoff.nextMs());
    }
    this.#enter({ phase: "refused", code, message }, message);
    // A refused token stays refused until there is another; anything else may have been put right on the server.
    if (this.#token === null) this.#retryIn(REFUSED_RETRY_MS);
  }

  #retryIn(delayMs: number): void {
    this.#cancelPlannedRetry();
    this.#cancelRetry = this.#parts.env.timers.after(delayMs, () => {
      this.#cancelRetry = null;
      this.#port?.open();
    });
  }

  #cancelPlannedRetry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  #enter(state: ConnectionState, reason: string): void {
    const isNews = state.phase !== this.#state.phase;
    this.#state = state;
    if (isNews) this.#parts.env.console.info(`[tidings] ${WORDS[state.phase]}: ${reason}`);
    this.#parts.onState(state);
  }
}

const WORDS: Record<ConnectionState["phase"], string> = {
  idle: "disconnected",
  connecting: "connecting",
  connected: "connected",
  offline: "disconnected",
  refused: "refused",
};

function readUser(value: unknown): PublicUser | null {
  if (!isObject(value)) return null;
  const { id, name, role } = value as { id?: unknown; name?: unknown; role?: unknown };
  if ((typeof id !== "string" && typeof id !== "number") || typeof name !== "string") return null;
  return { id: String(id), name, ...(typeof role === "string" ? { role } : {}) };
}
