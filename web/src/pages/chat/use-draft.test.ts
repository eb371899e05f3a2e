/** A draft outlives the page and leaves nothing once it was sent. */
import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { memoryStorage } from "../../session/window-storage";
import { loadDraft, saveDraft, useDraft } from "./use-draft";

test("a draft survives a reload, its reply included", () => {
  const storage = memoryStorage();
  const before = renderHook(() => useDraft(storage));
  act(() => before.result.current.write("half a sen"));
  act(() => before.result.current.answer(7));
  before.unmount();
  const after = renderHook(() => useDraft(storage));
  expect(after.result.current.draft).toEqual({ text: "half a sen", replyTo: 7 });
});

test("a sent draft leaves nothing behind", () => {
  const storage = memoryStorage();
  saveDraft(storage, { text: "x", replyTo: null });
  const { result } = renderHook(() => useDraft(storage));
  act(() => result.current.clear());
  expect(storage.length).toBe(0);
});

test("words that are taken back stand before what is being written", () => {
  const { result } = renderHook(() => useDraft(memoryStorage()));
  act(() => result.current.write("new"));
  act(() => result.current.takeBack("old"));
  expect(result.current.draft.text).toBe("old\nnew");
});

test.each(["", "null", "{", '{"text":5,"replyTo":{}}', "[]"])("damaged storage %j is an empty draft", (value) => {
  const storage = memoryStorage();
  storage.setItem("tidings.draft", value);
  expect(loadDraft(storage)).toEqual({ text: "", replyTo: null });
});
