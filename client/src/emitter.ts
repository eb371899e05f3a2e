/**
 * Listeners by event. A listener that throws is reported and disturbs neither the others nor the caller; one that is
 * added or removed during a call counts from the next call on.
 */
import type { EventName, Listener, ServiceEvents } from "./api.ts";

export class Emitter {
  readonly #listeners = new Map<EventName, Set<(event: never) => void>>();
  readonly #reportError: (error: unknown) => void;

  constructor(reportError: (error: unknown) => void) {
    this.#reportError = reportError;
  }

  add<E extends EventName>(event: E, listener: Listener<E>): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(event, listeners);
  }

  remove<E extends EventName>(event: E, listener: Listener<E>): void {
    this.#listeners.get(event)?.delete(listener);
  }

  has(event: EventName): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }

  emit<E extends EventName>(event: E, value: ServiceEvents[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        // The map keeps each listener under the event it was typed for.
        (listener as Listener<E>)(value);
      } catch (error) {
        this.#reportError(error);
      }
    }
  }
}
