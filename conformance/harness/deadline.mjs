/**
 * Waiting: for a condition, with a deadline and a sentence that says what did not come. No test sleeps; whoever waits for
 * an event of its own process uses `Signal`, whoever waits for another process asks again with `poll`.
 */

/** Longest wait of a test for one thing, in ms: far above what a busy machine of two cores needs. */
export const PATIENCE_MS = 20_000;

/** The same for a client behind a line at its worst, where many attempts to connect in a row may fail, each after seconds. */
export const PATIENCE_OF_GUESTS_MS = 240_000;

/** Pause between two questions to another process, in ms. */
const ASK_EVERY_MS = 20;

/** Wakes those who wait whenever something has happened; each looks for itself whether it is what they wait for. */
export class Signal {
  #waiting = new Set();

  /** Something happened. */
  wake() {
    for (const look of [...this.#waiting]) look();
  }

  /**
   * Resolves with the first result of `look` that is neither false, null nor undefined. `what` completes "waited in vain for …"; a
   * function is asked at the deadline.
   */
  until(look, what, patienceMs = PATIENCE_MS) {
    return new Promise((resolve, reject) => {
      const settle = (finish, value) => {
        clearTimeout(deadline);
        this.#waiting.delete(check);
        finish(value);
      };
      const check = () => {
        try {
          const found = look();
          if (isFound(found)) settle(resolve, found);
        } catch (error) {
          settle(reject, error);
        }
      };
      const deadline = setTimeout(() => settle(reject, late(what, patienceMs)), patienceMs);
      this.#waiting.add(check);
      check();
    });
  }
}

/** Asks another process again and again; an answer that is a rejection counts as "not yet". */
export async function poll(ask, what, patienceMs = PATIENCE_MS) {
  const end = Date.now() + patienceMs;
  let last = null;
  while (Date.now() < end) {
    try {
      const found = await ask();
      if (isFound(found)) return found;
    } catch (error) {
      last = error;
    }
    // A pause on purpose: another process cannot tell when its answer changes, so it is asked at intervals.
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
  throw late(() => (last ? `${text(what)} (${last.message})` : text(what)), patienceMs);
}

/** The promise's result, or a rejection at the deadline. */
export function within(promise, what, patienceMs = PATIENCE_MS) {
  let deadline;
  const late_ = new Promise((_, reject) => {
    deadline = setTimeout(() => reject(late(what, patienceMs)), patienceMs);
  });
  return Promise.race([promise, late_]).finally(() => clearTimeout(deadline));
}

function isFound(found) {
  return found !== false && found !== null && found !== undefined;
}

function late(what, patienceMs) {
  return new Error(`waited ${patienceMs} ms in vain for ${text(what)}`);
}

function text(what) {
  return typeof what === "function" ? what() : what;
}
