/** The unread count in the title of a window that nobody looks at. */
import { act, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { titleFor, useUnreadTitle } from "./use-unread-title";

function hide(hidden: boolean) {
  vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
}
afterEach(() => vi.restoreAllMocks());

test("what arrives while hidden is counted in the title, and forgotten when somebody looks", () => {
  const { result } = renderHook(() => useUnreadTitle());
  act(() => result.current(3));
  expect(document.title).toBe("Tidings");
  hide(true);
  act(() => result.current(2));
  act(() => result.current(1));
  expect(document.title).toBe("(3) Tidings");
  hide(false);
  expect(document.title).toBe("Tidings");
});

test("a large count stays short", () => {
  expect(titleFor(100)).toBe("(99+) Tidings");
});
