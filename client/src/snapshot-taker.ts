/**
 * Takes snapshots into the replica: one at a time, again when something was missed while one was on its way, and, when
 * the replica needs one, for as long as it takes.
 */
import { Backoff } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import { isRetryable, TidingsError } from "./errors.ts";
import type { Replica } from "./replica.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SyncState, SyncUpdate } from "./wire-types.ts";

/** The code of a take that a gap or another person has overtaken. */
export const OUTDATED = "outdated";

export interface SnapshotTakerParts {
  readonly env: Environment;
  readonly replica: Replica;
  readonly fetch: (timeoutMs: number) => Promise<Snapshot>;
  /** What listeners have not been told, and the topics that may have changed. */
  readonly onTaken: (missed: readonly SyncUpdate[], topics: ReadonlySet<string>) => void;
}

export class SnapshotTaker {
  readonly #parts: SnapshotTakerParts;
  readonly #backoff: Backoff;
  #taking: Promise<SyncState> | null = null;
  /** Counts gaps and changes of person: a snapshot asked for before one is too old. */
  #epoch = 0;
  #cancelRetry: (() => void) | null = null;

  constructor(parts: SnapshotTakerParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.env.random);
  }

  /** What is on its way has become too old. */
  outdate(): void {
    this.#epoch += 1;
    this.#taking = null;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#parts.replica.stopWaiting();
  }

  /** Takes one, or joins the one on its way. Rejects with a `TidingsError`. */
  take(timeoutMs: number): Promise<SyncState> {
    if (this.#taking) return this.#taking;
    const taking = this.#takeOne(timeoutMs).finally(() => {
      if (this.#taking === taking) this.#taking = null;
    });
    this.#taking = taking;
    return taking;
  }

  /** Goes on until the replica is complete, or the server says no for good. */
  repair(timeoutMs: number): void {
    if (this.#parts.replica.complete || this.#cancelRetry !== null) return;
    const epoch = this.#epoch;
    this.take(timeoutMs).then(
      () => this.#backoff.reset(),
      (error: unknown) => {
        if (epoch === this.#epoch && isWorthRetrying(error)) this.#repairLater(timeoutMs);
      },
    );
  }

  #repairLater(timeoutMs: number): void {
    this.#cancelRetry = this.#parts.env.timers.after(this.#backoff.nextMs(), () => {
      this.#cancelRetry = null;
      this.repair(timeoutMs);
    });
  }

  async #takeOne(timeoutMs: number): Promise<SyncState> {
    const { replica, env, fetch, onTaken } = this.#parts;
    const epoch = this.#epoch;
    replica.awaitSnapshot();
    try {
      const { state, cursor } = await fetch(timeoutMs);
      if (epoch !== this.#epoch) throw new TidingsError(OUTDATED, "Something changed while the state was on its way");
      const before = replica.topicNames;
      const missed = replica.fill(state, cursor, env.timers.now());
      onTaken(missed, new Set([...before, ...replica.topicNames]));
      return state;
    } catch (error) {
      if (epoch === this.#epoch) replica.stopWaiting();
      throw error;
    }
  }
}

function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof TidingsError)) return true;
  return isRetryable(error.code) || error.code === "unreachable" || error.code === "bad_answer";
}
