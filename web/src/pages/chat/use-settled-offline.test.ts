/** When being offline is worth a word: not for a blink. The clock is a fake one. */
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../../sync/room";
import { OFFLINE_SHOWN_AFTER_MS, useSettledOffline } from "./use-settled-offline";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const start = (state: Connection["state"]) =>
  renderHook(({ now }: { now: Connection["state"] }) => useSettledOffline(now), { initialProps: { now: state } });

test("a blink of the network shows nothing", () => {
  const { result, rerender } = start("online");
  rerender({ now: "offline" });
  act(() => void vi.advanceTimersByTime(OFFLINE_SHOWN_AFTER_MS - 1));
  rerender({ now: "online" });
  act(() => void vi.advanceTimersByTime(OFFLINE_SHOWN_AFTER_MS));
  expect(result.current).toBe(false);
});

test("being away is shown after a while, and a new try does not start the wait again", () => {
  const { result, rerender } = start("offline");
  act(() => void vi.advanceTimersByTime(OFFLINE_SHOWN_AFTER_MS / 2));
  rerender({ now: "connecting" });
  act(() => void vi.advanceTimersByTime(OFFLINE_SHOWN_AFTER_MS / 2));
  expect(result.current).toBe(true);
  rerender({ now: "online" });
  expect(result.current).toBe(false);
});
