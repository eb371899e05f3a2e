/**
 * The service in React: each hook reads one thing and renders again when it changes. The service is given, so that a
 * page may have several, and tests their own. Call `service.connect()` yourself, once.
 */
import { useCallback, useSyncExternalStore } from "react";
import type { ConnectionState, EventName, PendingEntry, TopicState, WebsocketService } from "./api.ts";
import type { Item, ItemId, JsonObject, Presence } from "./wire-types.ts";

const NO_ITEMS: readonly Item[] = Object.freeze([]);
const NO_ENTRIES: readonly PendingEntry[] = Object.freeze([]);
const IDLE: ConnectionState = Object.freeze({ phase: "idle" });
const UNKNOWN: TopicState = Object.freeze({ kind: "unknown" });

/** The items of a list topic, oldest first; the same array until it changes, empty while nothing is known. */
export function useTopic<T extends { readonly id: ItemId } = Item>(
  service: WebsocketService,
  topic: string,
): readonly T[] {
  const state = useTopicState(service, topic);
  // What the items of a topic look like is between the pages that push them; the type is the caller's word.
  return (state.kind === "list" ? state.items : NO_ITEMS) as unknown as readonly T[];
}

/** The object of a document topic, or null while nothing is known. */
export function useDocument<T extends object = JsonObject>(service: WebsocketService, topic: string): T | null {
  const state = useTopicState(service, topic);
  return state.kind === "document" ? (state.value as unknown as T) : null;
}

export function useTopicState(service: WebsocketService, topic: string): TopicState {
  const read = useCallback(() => service.topic(topic), [service, topic]);
  return useEvent(service, "topics", read, () => UNKNOWN);
}

export function useConnection(service: WebsocketService): ConnectionState {
  return useEvent(service, "connection", service.connection, () => IDLE);
}

/** What the page pushed and has not come back yet, failed entries included. */
export function usePending(service: WebsocketService): readonly PendingEntry[] {
  return useEvent(service, "pending", service.pending, () => NO_ENTRIES);
}

/** Who is here; null while not connected. */
export function usePresence(service: WebsocketService): Presence | null {
  return useEvent(service, "presence", service.presence, () => null);
}

function useEvent<T>(service: WebsocketService, event: EventName, read: () => T, readOnServer: () => T): T {
  const subscribe = useCallback((onChange: () => void) => service.addListener(event, onChange), [service, event]);
  return useSyncExternalStore(subscribe, read, readOnServer);
}
