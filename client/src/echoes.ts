/**
 * Entries that the server has acknowledged and whose `sync_update` is still on its way to this tab. They stay in
 * `pending()` for that moment, or the page's own message would vanish and come back.
 */
import type { Timers } from "./environment.ts";
import type { Who } from "./identity.ts";
import { ECHO_WAIT_MS } from "./limits.ts";
import type { OutboxEntry } from "./outbox.ts";
import { idOf } from "./topic-fold.ts";
import type { ItemId } from "./wire-types.ts";

interface Awaited {
  readonly entry: OutboxEntry;
  readonly seq: number;
  readonly cancel: () => void;
}

export class Echoes {
  readonly #timers: Timers;
  readonly #onChange: () => void;
  readonly #awaited = new Set<Awaited>();

  constructor(timers: Timers, onChange: () => void) {
    this.#timers = timers;
    this.#onChange = onChange;
  }

  entries(who: Who): readonly OutboxEntry[] {
    return [...this.#awaited].filter(({ entry }) => entry.who === who).map(({ entry }) => entry);
  }

  /** Whether an add of this item was acknowledged a moment ago. */
  holdsAdd(topic: string, id: ItemId): boolean {
    return [...this.#awaited].some(({ entry: { action, type, data } }) => {
      return action === "add" && type === topic && idOf(data) === id;
    });
  }

  await(entry: OutboxEntry, seq: number): void {
    const awaited: Awaited = {
      entry,
      seq,
      // Whoever may write but not read gets no echo.
      cancel: this.#timers.after(ECHO_WAIT_MS, () => this.#end((one) => one === awaited)),
    };
    this.#awaited.add(awaited);
  }

  seen(topic: string, seq: number): void {
    this.#end(({ entry, seq: awaitedSeq }) => entry.type === topic && awaitedSeq <= seq);
  }

  seenAll(): void {
    this.#end(() => true);
  }

  #end(isOver: (awaited: Awaited) => boolean): void {
    const over = [...this.#awaited].filter(isOver);
    if (over.length === 0) return;
    for (const awaited of over) {
      awaited.cancel();
      this.#awaited.delete(awaited);
    }
    this.#onChange();
  }
}
