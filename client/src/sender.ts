/**
 * Sends the outbox: one entry at a time, the next after the answer, so that the order holds whatever is refused for the
 * moment. Where the browser has locks, one tab sends for all; where it has none, the keys make a double send harmless.
 */
import type { PendingEntry } from "./api.ts";
import { Backoff } from "./backoff.ts";
import { Echoes } from "./echoes.ts";
import type { Emitter } from "./emitter.ts";
import type { LocksLike, StorageChange, Timers } from "./environment.ts";
import { isRetryable, TidingsError } from "./errors.ts";
import type { Who } from "./identity.ts";
import { OUTBOX_WAITING_MAX, PUSH_ACK_TIMEOUT_MS, VERDICT_WAIT_MS } from "./limits.ts";
import {
  asFailedEvent,
  asPending,
  type NewEntry,
  OUTBOX_PREFIX,
  type Outbox,
  type OutboxEntry,
  type Outcome,
} from "./outbox.ts";
import { type Answer, readAnswer } from "./push-answer.ts";
import { idOf } from "./topic-fold.ts";
import type { ItemId, PushAck } from "./wire-types.ts";

interface Promised {
  readonly entry: OutboxEntry;
  readonly resolve: (ack: PushAck) => void;
  readonly reject: (error: TidingsError) => void;
}

export interface SenderParts {
  readonly outbox: Outbox;
  readonly timers: Timers;
  readonly locks: LocksLike | null;
  readonly random: () => number;
  readonly emitter: Emitter;
  /** Emits `push` on the live socket; null when there is none, or it broke before the answer. */
  readonly request: (payload: unknown, timeoutMs: number) => Promise<unknown>;
  readonly hasSeen: (topic: string, seq: number) => boolean;
  readonly hasItem: (topic: string, id: ItemId) => boolean;
}

export class Sender {
  readonly #parts: SenderParts;
  readonly #backoff: Backoff;
  readonly #echoes: Echoes;
  readonly #promised = new Map<string, Promised>();
  #who: Who = "";
  #isLive = false;
  #isDraining = false;
  #isWatching = false;
  #sendingKey: string | null = null;
  #cancelPause: (() => void) | null = null;
  #pending: readonly PendingEntry[] | null = null;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.random);
    this.#echoes = new Echoes(parts.timers, () => this.#notify());
  }

  /** Whose entries are sent and shown from now on. */
  setWho(who: Who): void {
    if (this.#who === who) return;
    this.#who = who;
    this.#notify();
  }

  setLive(isLive: boolean): void {
    this.#isLive = isLive;
    this.#endPause();
    this.#backoff.reset();
    if (isLive) this.#drain();
  }

  push(entry: NewEntry): Promise<PushAck> {
    if (this.#parts.outbox.entriesOf(entry.who).length >= OUTBOX_WAITING_MAX) {
      const sentence = `${OUTBOX_WAITING_MAX} changes are already waiting to be sent; wait for the connection`;
      return Promise.reject(new TidingsError("outbox_full", sentence));
    }
    const stored = this.#parts.outbox.add(entry);
    const promise = new Promise<PushAck>((resolve, reject) => {
      this.#promised.set(entry.key, { entry: stored, resolve, reject });
    });
    this.#notify();
    this.#drain();
    return promise;
  }

  pending(): readonly PendingEntry[] {
    this.#pending ??= [
      ...this.#echoes.entries(this.#who).map((entry) => asPending(entry, { state: "sent" })),
      ...this.#parts.outbox.entriesOf(this.#who).map((entry) => this.#asPending(entry)),
    ];
    return this.#pending;
  }

  /** Whether an add of this item has not come back from the server yet. */
  holdsAdd(topic: string, id: ItemId): boolean {
    return this.#parts.outbox.holdsAdd(topic, id) || this.#echoes.holdsAdd(topic, id);
  }

  retry(key: string): void {
    const entry = this.#parts.outbox.find(this.#who, key);
    if (!entry?.failure) return;
    this.#parts.outbox.retry(entry);
    this.#notify();
    this.#drain();
  }

  discard(key: string): void {
    const entry = this.#parts.outbox.find(this.#who, key);
    if (!entry) return;
    this.#parts.outbox.discard(entry);
    this.#settle(key, { kind: "discarded" });
    this.#notify();
  }

  /** An update came round; its acknowledged entry is no longer pending. */
  noteUpdate(topic: string, seq: number): void {
    this.#echoes.seen(topic, seq);
  }

  noteSnapshot(): void {
    this.#echoes.seenAll();
  }

  /** Another tab wrote to the outbox. */
  noteChange(change: StorageChange): void {
    const name = change.key;
    if (name === null || !name.startsWith(OUTBOX_PREFIX)) return;
    const outcome = this.#parts.outbox.noteChange(name, change);
    for (const { entry } of this.#promised.values()) {
      if (outcome && entry.name === name) this.#settle(entry.key, outcome);
    }
    this.#notify();
    this.#drain();
  }

  #drain(): void {
    if (!this.#isLive || this.#isDraining || this.#cancelPause !== null) return;
    this.#watchForVanished();
    if (this.#next() === null) return;
    this.#isDraining = true;
    const run = (): Promise<void> => this.#sendAll();
    const done = this.#parts.locks ? this.#parts.locks.request("tidings:outbox", run) : run();
    // A lock that cannot be had (a frozen context) leaves the entries where they are; the next push tries again.
    done
      .catch(() => {})
      .then(() => {
        this.#isDraining = false;
        this.#drain();
      });
  }

  async #sendAll(): Promise<void> {
    this.#parts.outbox.reload();
    for (let entry = this.#next(); entry && this.#isLive; entry = this.#next()) {
      this.#setSending(entry.key);
      const { type, action, data, key } = entry;
      const answer = readAnswer(await this.#parts.request({ type, action, data, key }, PUSH_ACK_TIMEOUT_MS));
      this.#setSending(null);
      if (!this.#take(entry, answer)) return;
      this.#parts.outbox.reload();
    }
  }

  /** False when sending must pause. */
  #take(entry: OutboxEntry, answer: Answer): boolean {
    if (answer.kind === "acked") this.#acked(entry, answer.ack);
    else if (answer.kind === "refused" && !isRetryable(answer.code)) this.#failed(entry, answer.code, answer.error);
    else return this.#pause(answer.kind === "refused" ? answer.retryAfterMs : 0);
    this.#backoff.reset();
    return true;
  }

  #acked(entry: OutboxEntry, ack: PushAck): void {
    this.#parts.outbox.acked(entry, ack);
    if (!this.#hasComeRound(entry, ack)) this.#echoes.await(entry, ack.seq);
    this.#notify();
    this.#settle(entry.key, { kind: "acked", ack });
  }

  /** Whether the update is here already, or will never come. */
  #hasComeRound({ type, action, data }: OutboxEntry, ack: PushAck): boolean {
    if (ack.changed === false || this.#parts.hasSeen(type, ack.seq)) return true;
    const id = idOf(data);
    return action === "add" && id !== null && this.#parts.hasItem(type, id);
  }

  #failed(entry: OutboxEntry, code: string, error: string): void {
    const failed = this.#parts.outbox.fail(entry, code, error);
    this.#notify();
    this.#settle(entry.key, { kind: "failed", failure: { code, error } });
    this.#parts.emitter.emit("failed", asFailedEvent(failed, code, error));
  }

  #pause(atLeastMs: number): false {
    this.#endPause();
    this.#cancelPause = this.#parts.timers.after(Math.max(this.#backoff.nextMs(), atLeastMs), () => {
      this.#cancelPause = null;
      this.#drain();
    });
    this.#notify();
    return false;
  }

  #endPause(): void {
    this.#cancelPause?.();
    this.#cancelPause = null;
  }

  #next(): OutboxEntry | null {
    return this.#parts.outbox.next(this.#who);
  }

  /**
   * An entry of this tab that is gone from storage without a verdict: the page emptied the storage, or the word of the
   * tab that sent it is still on its way. After a moment it is sent from memory; its key makes that harmless.
   */
  #watchForVanished(): void {
    const missing = [...this.#promised.values()].filter(({ entry }) => this.#isVanished(entry));
    if (missing.length === 0 || this.#isWatching) return;
    this.#isWatching = true;
    this.#parts.timers.after(VERDICT_WAIT_MS, () => {
      this.#isWatching = false;
      for (const { entry } of missing) if (this.#isVanished(entry)) this.#parts.outbox.keepInMemory(entry);
      this.#drain();
    });
  }

  #isVanished(entry: OutboxEntry): boolean {
    const { outbox } = this.#parts;
    return entry.who === this.#who && this.#promised.has(entry.key) && !outbox.holds(entry);
  }

  #settle(key: string, outcome: Outcome): void {
    const promised = this.#promised.get(key);
    if (!promised) return;
    this.#promised.delete(key);
    if (outcome.kind === "acked") promised.resolve(outcome.ack);
    else if (outcome.kind === "failed") promised.reject(new TidingsError(outcome.failure.code, outcome.failure.error));
    else promised.reject(new TidingsError("discarded", "The change was discarded before it was sent"));
  }

  #asPending(entry: OutboxEntry): PendingEntry {
    if (entry.failure) return asPending(entry, { state: "failed", ...entry.failure });
    return asPending(entry, { state: entry.key === this.#sendingKey ? "sending" : "waiting" });
  }

  #setSending(key: string | null): void {
    this.#sendingKey = key;
    if (key !== null) this.#notify();
  }

  #notify(): void {
    this.#pending = null;
    if (this.#parts.emitter.has("pending")) this.#parts.emitter.emit("pending", this.pending());
  }
}
