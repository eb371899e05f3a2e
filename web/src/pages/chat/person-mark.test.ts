/** The colour and the initials that stand for a person. */
import { expect, test } from "vitest";
import { hueOf, initialsOf } from "./person-mark";

test("the same id has the same colour, and different ids spread over many", () => {
  expect(hueOf("user-1")).toBe(hueOf("user-1"));
  const hues = new Set(Array.from({ length: 200 }, (_, at) => hueOf(`user-${at}`)));
  expect(hues.size).toBeGreaterThan(8);
});

test.each([
  ["Ann", "A"],
  ["Mira Holm", "MH"],
  ["jean-luc picard", "JP"],
  ["  ", ""],
  ["👩‍🚀 Kim", "👩‍🚀K"],
  ["ليلى", "ل"],
])("%j has the initials %j", (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});
