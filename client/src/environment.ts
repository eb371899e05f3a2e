/**
 * Everything the client asks of the world, as small interfaces, and how a browser answers them. Whatever a page leaves
 * out of its options is taken from here; no other file touches a global. In a place without storage, locks or window
 * (a private tab, a server, an old browser) the client works without them and forgets at the end of the page.
 */

import { openSocketIo } from "./socket-io-port.ts";
import type { SocketFactory } from "./socket-port.ts";

/** The part of `Storage` that is used. Without `key` and `length` an index of our own names is kept beside them. */
export interface StorageLike {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  key?(index: number): string | null;
  readonly length?: number;
}

/** Time in ms, and timers. */
export interface Clock {
  now(): number;
  setTimeout?(callback: () => void, delayMs: number): unknown;
  clearTimeout?(handle: unknown): void;
}

/** The part of `navigator.locks` that is used. */
export interface LocksLike {
  request(name: string, callback: () => Promise<void>): Promise<unknown>;
}

/** The part of `fetch` that is used. */
export type FetchLike = (
  url: string,
  init: { headers: Record<string, string>; cache: "no-store"; signal: AbortSignal },
) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  json(): Promise<unknown>;
}>;

export interface StorageChange {
  /** Null when the whole storage was emptied. */
  readonly key: string | null;
  readonly oldValue: string | null;
  readonly newValue: string | null;
}

/** What the browser reports of other tabs and of waking up. Each returns the function that stops it. */
export interface Surroundings {
  onStorage(listener: (change: StorageChange) => void): () => void;
  /** The network came back or the page became visible. */
  onWake(listener: () => void): () => void;
  /** Where the page was loaded from, if it has an http(s) origin. */
  readonly location: { readonly origin: string; readonly hostname: string } | null;
}

export interface ServiceOptions {
  /** Base URL, with or without `/api` at its end. Default: `VITE_API_URL`, else the page's origin, else `http://localhost:3001`. */
  readonly url?: string;
  /** Default: `authToken` in the storage, read anew each time. Null: anonymous. */
  readonly token?: string | null | (() => string | null);
  /** Default: `localStorage`. */
  readonly storage?: StorageLike;
  readonly clock?: Clock;
  /** The space to follow. Default: `default`. */
  readonly space?: string;
  /** Topic patterns to follow. Default: all that the token may read. */
  readonly topics?: readonly string[];
  /** Socket.IO transports, in order. Default: polling, then WebSocket. */
  readonly transports?: readonly ("polling" | "websocket")[];
  readonly openSocket?: SocketFactory;
  readonly fetch?: FetchLike;
  /** Null: none, even where the browser has them. */
  readonly locks?: LocksLike | null;
  readonly surroundings?: Surroundings;
  readonly console?: Pick<Console, "info" | "warn">;
  /** 0 ≤ x < 1; jitter of back-offs. */
  readonly random?: () => number;
  /** A fresh idempotency key. */
  readonly newKey?: () => string;
  /** Where an exception from a page's listener goes. Default: the window's error event. */
  readonly reportError?: (error: unknown) => void;
}

/** `Clock` with its timers filled in; a timer is cancelled by calling what it returned. */
export interface Timers {
  now(): number;
  after(delayMs: number, callback: () => void): () => void;
}

export interface ListableStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  keys(prefix: string): string[];
}

/** The options with every gap filled. */
export interface Environment {
  readonly url: string | null;
  readonly token: () => string | null;
  readonly storage: ListableStorage;
  readonly timers: Timers;
  readonly space: string;
  readonly topics: readonly string[];
  readonly transports: readonly ("polling" | "websocket")[] | null;
  readonly openSocket: SocketFactory;
  readonly fetch: FetchLike;
  readonly locks: LocksLike | null;
  readonly surroundings: Surroundings;
  readonly console: Pick<Console, "info" | "warn">;
  readonly random: () => number;
  readonly newKey: () => string;
  readonly reportError: (error: unknown) => void;
}

export const TOKEN_KEY = "authToken";

export function fillEnvironment(options: ServiceOptions): Environment {
  const storage = listable(options.storage ?? browserStorage() ?? memoryStorage());
  return {
    url: options.url ?? bundlerUrl(),
    token: tokenReader(options.token, storage),
    storage,
    timers: timersOf(options.clock),
    space: options.space ?? "default",
    topics: options.topics ?? [],
    transports: options.transports ?? null,
    openSocket: options.openSocket ?? openSocketIo,
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    locks: options.locks === undefined ? browserLocks() : options.locks,
    surroundings: options.surroundings ?? browserSurroundings(),
    console: options.console ?? globalThis.console,
    random: options.random ?? Math.random,
    newKey: options.newKey ?? randomKey,
    reportError: options.reportError ?? throwLater,
  };
}

function tokenReader(token: ServiceOptions["token"], storage: ListableStorage): () => string | null {
  if (typeof token === "function") return () => token() || null;
  if (token !== undefined) return () => token || null;
  return () => storage.getItem(TOKEN_KEY) || null;
}

function timersOf(clock: Clock | undefined): Timers {
  const now = clock ? () => clock.now() : () => Date.now();
  return {
    now,
    after(delayMs, callback) {
      if (clock?.setTimeout) {
        const handle = clock.setTimeout(callback, delayMs);
        return () => clock.clearTimeout?.(handle);
      }
      const handle = setTimeout(callback, delayMs);
      return () => clearTimeout(handle);
    },
  };
}

/** Vite replaces `import.meta.env` in the page's build; elsewhere it is absent. */
function bundlerUrl(): string | null {
  const env = (import.meta as { env?: Record<string, unknown> }).env;
  const url = env?.["VITE_API_URL"];
  return typeof url === "string" && url !== "" ? url : null;
}

function browserStorage(): StorageLike | null {
  try {
    return typeof window === "undefined" ? null : window.localStorage;
  } catch {
    // Reading the property throws where the browser forbids storage.
    return null;
  }
}

function memoryStorage(): StorageLike {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    key: (index) => [...values.keys()][index] ?? null,
    get length() {
      return values.size;
    },
  };
}

const INDEX_KEY = "tidings:index";

/** Adds `keys()`: from `key` and `length` where the storage has them, else from an index of our own `tidings:` names. */
export function listable(storage: StorageLike): ListableStorage {
  const plain = {
    getItem: (key: string) => storage.getItem(key),
    setItem: (key: string, value: string) => storage.setItem(key, value),
    removeItem: (key: string) => storage.removeItem(key),
  };
  if (typeof storage.key === "function" && typeof storage.length === "number") {
    return { ...plain, keys: (prefix) => enumerate(storage).filter((key) => key.startsWith(prefix)) };
  }
  const names = (): string[] => {
    const raw = storage.getItem(INDEX_KEY);
    return raw ? raw.split("\n") : [];
  };
  return {
    getItem: plain.getItem,
    setItem(key, value) {
      if (key.startsWith("tidings:") && !names().includes(key)) plain.setItem(INDEX_KEY, [...names(), key].join("\n"));
      plain.setItem(key, value);
    },
    removeItem(key) {
      plain.removeItem(key);
      if (names().includes(key))
        plain.setItem(
          INDEX_KEY,
          names()
            .filter((name) => name !== key)
            .join("\n"),
        );
    },
    keys: (prefix) => names().filter((name) => name.startsWith(prefix)),
  };
}

function enumerate(storage: StorageLike): string[] {
  const keys: string[] = [];
  for (let index = 0; index < (storage.length ?? 0); index += 1) {
    const key = storage.key?.(index);
    if (typeof key === "string") keys.push(key);
  }
  return keys;
}

function browserLocks(): LocksLike | null {
  const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
  return locks ? { request: (name, callback) => locks.request(name, callback) } : null;
}

function browserSurroundings(): Surroundings {
  if (typeof window === "undefined") return { onStorage: () => () => {}, onWake: () => () => {}, location: null };
  const { origin, hostname, protocol } = window.location;
  return {
    onStorage(listener) {
      const heard = (event: StorageEvent): void => listener(event);
      window.addEventListener("storage", heard);
      return () => window.removeEventListener("storage", heard);
    },
    onWake(listener) {
      const seen = (): void => {
        if (document.visibilityState === "visible") listener();
      };
      window.addEventListener("online", listener);
      document.addEventListener("visibilitychange", seen);
      return () => {
        window.removeEventListener("online", listener);
        document.removeEventListener("visibilitychange", seen);
      };
    },
    location: protocol === "http:" || protocol === "https:" ? { origin, hostname } : null,
  };
}

/** A version 4 UUID. `randomUUID` exists in secure contexts only, and a chat in the office is often plain http. */
function randomKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The listener's exception surfaces as the page's own, and stops nothing here. */
function throwLater(error: unknown): void {
  setTimeout(() => {
    throw error;
  }, 0);
}
