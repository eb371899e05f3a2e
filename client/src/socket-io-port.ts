/**
 * The true socket: `socket.io-client` behind the `SocketPort` interface. Its own buffers are not used, because the
 * outbox is the only queue: nothing is emitted while the line is down.
 */
import { io } from "socket.io-client";
import { RECONNECT_FIRST_MS, RECONNECT_LONGEST_MS } from "./limits.ts";
import type { SocketFactory } from "./socket-port.ts";

const EVENTS = ["connected", "sync_update", "mark", "reset", "refused", "signal", "goaway"] as const;

export const openSocketIo: SocketFactory = (target, handlers) => {
  const socket = io(target.origin + target.namespace, {
    path: target.path,
    autoConnect: false,
    // A second service on the page must not share a manager that it could close.
    forceNew: true,
    reconnectionDelay: RECONNECT_FIRST_MS,
    reconnectionDelayMax: RECONNECT_LONGEST_MS,
    auth: (send) => send(handlers.auth()),
    ...(target.transports ? { transports: [...target.transports] } : {}),
  });
  for (const name of EVENTS) socket.on(name, (...args: unknown[]) => handlers.event(name, args));
  socket.on("disconnect", (reason) => {
    if (reason === "io client disconnect") return;
    handlers.down({ kind: "lost", reason, retrying: socket.active });
  });
  socket.on("connect_error", (error: Error & { data?: unknown }) => {
    // An inactive socket has been told by the server; an active one could not reach it.
    if (socket.active) handlers.down({ kind: "lost", reason: error.message, retrying: true });
    else handlers.down({ kind: "refused", message: error.message, code: codeOf(error.data) });
  });
  socket.on("connect", () => socket.io.reconnectionDelay(RECONNECT_FIRST_MS));

  return {
    raw: socket,
    open: () => void socket.connect(),
    close: () => void socket.disconnect(),
    async request(event, payload, timeoutMs) {
      if (!socket.connected) return null;
      try {
        return await socket.timeout(timeoutMs).emitWithAck(event, payload);
      } catch {
        return null;
      }
    },
    send(event, payload) {
      if (socket.connected) socket.emit(event, payload);
    },
    restAtLeast(delayMs) {
      socket.io.reconnectionDelay(Math.max(delayMs, RECONNECT_FIRST_MS));
    },
  };
};

function codeOf(data: unknown): string | null {
  if (typeof data !== "object" || data === null || !("code" in data)) return null;
  return typeof data.code === "string" ? data.code : null;
}
