/** When the list follows new messages, and what it counts when it does not. */
import { expect, test } from "vitest";
import { AT_END_PX_MAX, countBelow, isAtEnd } from "./follow";

test("a line above the end is still the end, more is not", () => {
  const place = { clientHeight: 500, scrollHeight: 2_000 };
  expect(isAtEnd({ ...place, scrollTop: 1_500 })).toBe(true);
  expect(isAtEnd({ ...place, scrollTop: 1_500 - AT_END_PX_MAX })).toBe(true);
  expect(isAtEnd({ ...place, scrollTop: 1_500 - AT_END_PX_MAX - 1 })).toBe(false);
});

test("a list shorter than the view is at its end", () => {
  expect(isAtEnd({ scrollTop: 0, clientHeight: 500, scrollHeight: 500 })).toBe(true);
});

test("what arrives is counted only away from the end", () => {
  expect(countBelow(0, 2, true)).toBe(0);
  expect(countBelow(0, 2, false)).toBe(2);
  expect(countBelow(2, 3, false)).toBe(5);
});
