/** The room as React state, from the `tidings` client. This folder is all of the page that knows the client. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { ConnectionState, PendingEntry, SyncUpdate, WebsocketService } from "tidings";
import { useConnection, usePending, usePresence, useTopicState } from "tidings/react";
import { isItemId, keyOf } from "../pages/chat/message";
import type { Store } from "../session/window-storage";
import type { ChangeAction, Connection, Outgoing, OutgoingStatus, Presence, Room } from "./room";
import { openService, TOPIC } from "./service";

const NO_ITEMS: readonly unknown[] = [];
/** Commit times are kept for this many messages, the newest; only messages of other apps need them. */
const COMMIT_TIMES_MAX = 2_000;

export function useRoom(token: string, storage: Store): Room {
  const service = useService(token, storage);
  const topic = useTopicState(service, TOPIC);
  const state = useConnection(service);
  const pending = usePending(service);
  const present = usePresence(service);
  const committedAt = useCommitTimes(service);

  const connection = useMemo(() => connectionOf(state), [state]);
  const outbox = useMemo(() => outboxOf(pending), [pending]);
  const presence = useMemo<Presence | null>(
    () => (present === null ? null : { windows: present.clients, people: present.online }),
    [present],
  );
  const push = useCallback(
    (action: ChangeAction, data: object) => {
      // A refusal stays among the pending entries, where the room finds it.
      service.pushUpdate({ type: TOPIC, action, data }).catch(() => {});
    },
    [service],
  );
  const retry = useCallback((key: string) => service.retry(key), [service]);
  const discard = useCallback((key: string) => service.discard(key), [service]);

  const items = topic.kind === "list" ? topic.items : NO_ITEMS;
  const loaded = topic.kind !== "unknown" || service.isComplete();
  return { items, loaded, connection, presence, outbox, committedAt, push, retry, discard };
}

function useService(token: string, storage: Store): WebsocketService {
  const [service] = useState(() => openService(token, storage));
  useEffect(() => {
    service.connect();
    return () => service.disconnect();
  }, [service]);
  return service;
}

function connectionOf(state: ConnectionState): Connection {
  switch (state.phase) {
    case "connected":
      return { state: "online" };
    case "offline":
      return { state: "offline", reason: state.reason };
    case "refused":
      return { state: "ended", reason: state.message };
    case "idle":
    case "connecting":
      return { state: "connecting" };
  }
}

export function outboxOf(pending: readonly PendingEntry[]): Outgoing[] {
  return pending.flatMap((entry) => {
    const { key, type, action, data } = entry;
    if (type !== TOPIC || (action !== "add" && action !== "delete")) return [];
    return [{ key, action, data, status: statusOf(entry) }];
  });
}

function statusOf(entry: PendingEntry): OutgoingStatus {
  switch (entry.state) {
    case "sent":
      return { state: "accepted" };
    case "failed":
      return { state: "refused", reason: entry.error };
    case "waiting":
    case "sending":
      return { state: entry.state };
  }
}

/** Commit times of what arrived while this page was open, for messages that do not carry their own time. */
function useCommitTimes(service: WebsocketService): ReadonlyMap<string, number> {
  const [times, setTimes] = useState<ReadonlyMap<string, number>>(() => new Map());
  useEffect(
    () =>
      service.addListener("sync_update", (update) => {
        const key = keyWithoutTime(update);
        if (key !== null) setTimes((before) => withTime(before, key, update.timestamp));
      }),
    [service],
  );
  return times;
}

function keyWithoutTime({ type, action, data, seq }: SyncUpdate): string | null {
  // A seq of 0 was learnt from a snapshot, which knows no times.
  if (type !== TOPIC || action !== "add" || seq === 0) return null;
  const { id, sentAt } = (data ?? {}) as { id?: unknown; sentAt?: unknown };
  return isItemId(id) && sentAt === undefined ? keyOf(id) : null;
}

function withTime(before: ReadonlyMap<string, number>, key: string, time: number): ReadonlyMap<string, number> {
  const kept = [...before].slice(-(COMMIT_TIMES_MAX - 1));
  return new Map(kept).set(key, time);
}
