/** How this page uses the client: one service per session, keeping its copy where the window keeps its session. */
import { createWebsocketService, type ServiceOptions, type WebsocketService } from "tidings";
import type { Store } from "../session/window-storage";

export const TOPIC = "chatMessages";

export function openService(token: string | null, storage: Store): WebsocketService {
  return createWebsocketService({ url: window.location.origin, token, storage, ...apart(storage) });
}

/** A window that keeps to itself shares neither storage nor turns with the others of this browser. */
function apart(storage: Store): Pick<ServiceOptions, "locks" | "surroundings"> {
  if (isShared(storage)) return {};
  const { origin, hostname } = window.location;
  return {
    locks: null,
    surroundings: {
      onStorage: () => () => {},
      onWake(listener) {
        const seen = () => {
          if (!document.hidden) listener();
        };
        window.addEventListener("online", listener);
        document.addEventListener("visibilitychange", seen);
        return () => {
          window.removeEventListener("online", listener);
          document.removeEventListener("visibilitychange", seen);
        };
      },
      location: { origin, hostname },
    },
  };
}

function isShared(storage: Store): boolean {
  try {
    return storage === window.localStorage;
  } catch {
    return false;
  }
}

/** Removes what the client keeps of a person who signed out: a service for nobody finds it and does not keep it. */
export function forgetCopy(storage: Store): void {
  openService(null, storage).topic(TOPIC);
}
