/** The text of a list, extended or made anew, is what JSON and the fingerprint say. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fingerprint } from "./fingerprint.ts";
import { type ListText, listText } from "./list-text.ts";

test("whatever happens to a list, its text and its fingerprint are those of the whole list", () => {
  const edit = fc.tuple(fc.constantFrom("append", "replace", "remove", "empty"), fc.nat(9), fc.string());
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 20 }), (edits) => {
      let items: unknown[] = [];
      let text: ListText | null = null;
      for (const [what, place, content] of edits) {
        if (what === "append") items = [...items, { id: items.length, content }];
        if (what === "replace") items = items.map((item, index) => (index === place ? { id: index, content } : item));
        if (what === "remove") items = items.filter((_, index) => index !== place);
        if (what === "empty") items = [];
        text = listText(items, text);
        expect(text.raw).toBe(JSON.stringify(items));
        expect(text.fingerprint).toBe(fingerprint(text.raw));
      }
    }),
  );
});

test("an unchanged list keeps its text", () => {
  const items = [{ id: 1 }, { id: 2 }];
  const text = listText(items, null);
  expect(listText([...items], text)).toBe(text);
});

test("texts that differ in one letter, or in their order, have different fingerprints", () => {
  const texts = ["", "a", "b", "ab", "ba", '[{"id":1}]', '[{"id":2}]'];
  expect(new Set(texts.map((text) => fingerprint(text))).size).toBe(texts.length);
});
