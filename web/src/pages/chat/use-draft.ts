/** What is being written, kept across reloads: the text, and the message it answers. */
import { useCallback, useEffect, useState } from "react";
import { type Store, store } from "../../session/window-storage";
import { type ItemId, isItemId } from "./message";

export interface Draft {
  text: string;
  replyTo: ItemId | null;
}

const KEY = "tidings.draft";
const EMPTY: Draft = { text: "", replyTo: null };

export function loadDraft(storage: Store): Draft {
  try {
    const { text, replyTo } = JSON.parse(storage.getItem(KEY) ?? "{}") as Record<string, unknown>;
    return { text: typeof text === "string" ? text : "", replyTo: isItemId(replyTo) ? replyTo : null };
  } catch {
    return EMPTY;
  }
}

export function forgetDraft(storage: Store): void {
  storage.removeItem(KEY);
}

export function saveDraft(storage: Store, draft: Draft): void {
  if (draft.text === "" && draft.replyTo === null) forgetDraft(storage);
  else store(storage, KEY, JSON.stringify(draft));
}

export interface DraftState {
  draft: Draft;
  write: (text: string) => void;
  /** Puts words back that were meant to be sent, before what is being written now. */
  takeBack: (text: string) => void;
  answer: (id: ItemId | null) => void;
  clear: () => void;
}

export function useDraft(storage: Store): DraftState {
  const [draft, setDraft] = useState(() => loadDraft(storage));

  useEffect(() => saveDraft(storage, draft), [storage, draft]);

  const write = useCallback((text: string) => setDraft((now) => ({ ...now, text })), []);
  const takeBack = useCallback(
    (text: string) => setDraft((now) => ({ ...now, text: now.text === "" ? text : `${text}\n${now.text}` })),
    [],
  );
  const answer = useCallback((replyTo: ItemId | null) => setDraft((now) => ({ ...now, replyTo })), []);
  const clear = useCallback(() => setDraft(EMPTY), []);
  return { draft, write, takeBack, answer, clear };
}
