/** A clock that stands still until a test moves it, and runs what falls due on the way, in order. */
import type { Clock } from "../src/index.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Map<number, Timer>();
  #nextHandle = 1;

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, delayMs: number): number {
    const handle = this.#nextHandle;
    this.#nextHandle += 1;
    this.#timers.set(handle, { due: this.#now + delayMs, callback });
    return handle;
  }

  clearTimeout(handle: unknown): void {
    if (typeof handle === "number") this.#timers.delete(handle);
  }

  /** Time passes without a timer running: work that takes long. */
  spend(ms: number): void {
    this.#now += ms;
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#nextDue(until); next !== null; next = this.#nextDue(until)) {
      const [handle, timer] = next;
      this.#timers.delete(handle);
      this.#now = Math.max(this.#now, timer.due);
      timer.callback();
      await settle();
    }
    this.#now = until;
  }

  #nextDue(until: number): [number, Timer] | null {
    const due = [...this.#timers].filter(([, timer]) => timer.due <= until);
    due.sort(([oneHandle, one], [otherHandle, other]) => one.due - other.due || oneHandle - otherHandle);
    return due[0] ?? null;
  }
}

/** Lets every promise that can go on go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
