/**
 * Pauses that double, with jitter so that a thousand pages do not return in one second. Pure: randomness is given.
 */
import { RETRY_FIRST_MS, RETRY_LONGEST_MS } from "./limits.ts";

export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The pause before the next try: between half and the whole of a doubling delay. */
  nextMs(): number {
    const whole = Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    return Math.round(whole * (0.5 + this.#random() / 2));
  }

  reset(): void {
    this.#failures = 0;
  }
}
