/**
 * What the connection needs of a socket, and nothing of socket.io: the true one is `socket-io-port.ts`, tests bring
 * their own. A port is opened and closed any number of times; it retries a lost line by itself, but never after a
 * DISCONNECT or a CONNECT_ERROR from the server, which it reports instead.
 */
import type { Socket } from "socket.io-client";

/** Why the port is down, and whether it is trying again by itself. */
export type Down =
  | { readonly kind: "lost"; readonly reason: string; readonly retrying: boolean }
  /** The server's CONNECT_ERROR: its sentence and, when it sends one, its code. */
  | { readonly kind: "refused"; readonly message: string; readonly code: string | null };

export interface SocketHandlers {
  /** Asked at each (re)connection. */
  auth(): Record<string, unknown>;
  /** An event of the server: its name and its arguments. */
  event(name: string, args: readonly unknown[]): void;
  down(why: Down): void;
}

export interface SocketPort {
  open(): void;
  close(): void;
  /** Emits with an acknowledgement; null when the line is down, breaks, or nothing comes within the time. */
  request(event: string, payload: unknown, timeoutMs: number): Promise<unknown>;
  /** Emits once, or not at all when the line is down. */
  send(event: string, payload: unknown): void;
  /** The next reconnection is not to come earlier than this. */
  restAtLeast(delayMs: number): void;
  readonly raw: Socket | null;
}

export interface SocketTarget {
  readonly origin: string;
  /** Path of the Socket.IO endpoint, e.g. `/socket.io`. */
  readonly path: string;
  /** `/` or `/name`. */
  readonly namespace: string;
  readonly transports: readonly ("polling" | "websocket")[] | null;
}

export type SocketFactory = (target: SocketTarget, handlers: SocketHandlers) => SocketPort;
