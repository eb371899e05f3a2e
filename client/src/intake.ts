/**
 * Takes in updates as they arrive. A single one is folded, stored and told at once; in a burst, storing whole lists
 * for each would take longer than the burst, so those that come while storing is slow are folded and stored together.
 * Listeners hear of an update only after it is in storage, one by one and in order.
 */
import type { Timers } from "./environment.ts";
import { STORE_PAUSE_LONGEST_MS } from "./limits.ts";
import { isAction } from "./outbox.ts";
import { isObject } from "./topic-fold.ts";
import type { Json, SyncUpdate } from "./wire-types.ts";

export interface Arrival {
  readonly update: SyncUpdate;
  readonly cursor: string | null;
}

export class Intake {
  readonly #timers: Timers;
  readonly #take: (arrivals: readonly Arrival[]) => void;
  #waiting: Arrival[] = [];
  #cancelPause: (() => void) | null = null;

  constructor(timers: Timers, take: (arrivals: readonly Arrival[]) => void) {
    this.#timers = timers;
    this.#take = take;
  }

  arrive(arrival: Arrival): void {
    this.#waiting.push(arrival);
    if (this.#cancelPause === null) this.flush();
  }

  /** Takes in what waits, now; then rests for as long as that has taken. */
  flush(): void {
    this.#cancelPause?.();
    this.#cancelPause = null;
    if (this.#waiting.length === 0) return;
    const arrivals = this.#waiting;
    this.#waiting = [];
    const startedMs = this.#timers.now();
    this.#take(arrivals);
    const pauseMs = Math.min(STORE_PAUSE_LONGEST_MS, this.#timers.now() - startedMs);
    if (pauseMs > 0) this.#cancelPause = this.#timers.after(pauseMs, () => this.flush());
  }

  /** Forgets what waits: it belongs to a line or a person that is no more. */
  drop(): void {
    this.#waiting = [];
    this.#cancelPause?.();
    this.#cancelPause = null;
  }
}

/** Null for what is no update. */
export function readArrival(args: readonly unknown[], nowMs: number): Arrival | null {
  const [update] = args;
  const cursor = args[args.length - 1];
  if (!isObject(update)) return null;
  const { type, action, data, timestamp, author, seq } = update as Record<string, unknown>;
  if (typeof type !== "string" || !isAction(action)) return null;
  return {
    update: {
      type,
      action,
      data: (data ?? null) as Json,
      timestamp: typeof timestamp === "number" ? timestamp : nowMs,
      author: typeof author === "string" ? author : null,
      seq: typeof seq === "number" ? seq : 0,
    },
    cursor: typeof cursor === "string" ? cursor : null,
  };
}
