/** What can be done with messages that the server does not have yet, and deleting those it has. */
import { useCallback, useEffect, useMemo, useRef } from "react";
import type { Outgoing, Room } from "../../sync/room";
import type { Message } from "./message";

export interface OutgoingMessages {
  retry: (message: Message) => void;
  discard: (message: Message) => void;
  /** What has not left yet is simply not sent; everything else is deleted at the server. */
  remove: (message: Message) => void;
}

export function useOutgoing(room: Room, say: (words: string) => void): OutgoingMessages {
  useRefusedDeletion(room, say);
  const { push, retry, discard } = room;
  const outbox = useRef(room.outbox);
  outbox.current = room.outbox;
  const find = useCallback((message: Message) => additionOf(message, outbox.current), []);

  return useMemo(
    () => ({
      retry(message) {
        const change = find(message);
        if (change !== undefined) retry(change.key);
      },
      discard(message) {
        const change = find(message);
        if (change !== undefined) discard(change.key);
      },
      remove(message) {
        const change = find(message);
        if (change?.status.state === "waiting" || change?.status.state === "refused") discard(change.key);
        else push("delete", { id: message.id });
      },
    }),
    [find, push, retry, discard],
  );
}

function additionOf({ id }: Message, outbox: readonly Outgoing[]): Outgoing | undefined {
  return outbox.find(({ action, data }) => action === "add" && (data as { id?: unknown } | null)?.id === id);
}

/** A deletion that was refused leaves the message where it is and says why. */
function useRefusedDeletion({ outbox, discard }: Room, say: (words: string) => void): void {
  useEffect(() => {
    for (const { key, action, status } of outbox) {
      if (action !== "delete" || status.state !== "refused") continue;
      say(`Not deleted. ${status.reason}`);
      discard(key);
    }
  }, [outbox, discard, say]);
}
