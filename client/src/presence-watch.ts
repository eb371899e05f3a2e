/**
 * Who is here. Asked for only when somebody listens, and again after every reconnection, because the server forgets.
 */
import type { Emitter } from "./emitter.ts";
import { isObject } from "./topic-fold.ts";
import type { JsonObject, Presence } from "./wire-types.ts";

export class PresenceWatch {
  readonly #emitter: Emitter;
  readonly #send: (data: JsonObject) => void;
  #isConnected = false;
  #last: Presence | null = null;

  constructor(emitter: Emitter, send: (data: JsonObject) => void) {
    this.#emitter = emitter;
    this.#send = send;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** The same object until the server tells something new; null while not connected. */
  get last(): Presence | null {
    return this.#last;
  }

  ask(): void {
    if (this.#isConnected && this.#emitter.has("presence")) this.#send({ kind: "watch-presence" });
  }

  setConnected(isConnected: boolean): void {
    const isNews = isConnected !== this.#isConnected;
    this.#isConnected = isConnected;
    if (!isNews) return;
    if (isConnected) this.ask();
    else this.#set(null);
  }

  /** Signals of other kinds are not known yet, and ignored. */
  hear(signal: JsonObject): void {
    if (signal["kind"] !== "presence") return;
    const { clients, online } = signal;
    const people = Array.isArray(online) ? online.filter(isPerson) : [];
    this.#set({ clients: typeof clients === "number" ? clients : people.length, online: people });
  }

  #set(presence: Presence | null): void {
    if (presence === this.#last) return;
    this.#last = presence;
    this.#emitter.emit("presence", presence);
  }
}

function isPerson(value: unknown): value is { readonly id: string; readonly name: string } {
  return isObject(value) && typeof value["id"] === "string" && typeof value["name"] === "string";
}
