/** The fold of a topic against a naive one, and the way from one state to another against the fold. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { differences } from "./snapshot-difference.ts";
import { TopicFold } from "./topic-fold.ts";
import type { Action, Json } from "./wire-types.ts";

type Change = { readonly action: Action; readonly data: Json };

const id = fc.constantFrom<string | number>(1, 2, 3, "1", "__proto__", "constructor");
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ action: fc.constantFrom<Action>("add", "update", "delete"), data: fc.record({ id, value: fc.nat(3) }) }),
  fc.record({ action: fc.constant<Action>("delete"), data: id }),
  fc.constant<Change>({ action: "clear", data: null }),
);

function naive(changes: readonly Change[]): { id: unknown }[] {
  let items: { id: unknown }[] = [];
  for (const { action, data } of changes) {
    const item = (typeof data === "object" ? data : { id: data }) as { id: unknown } | null;
    const has = items.some((one) => one.id === item?.id);
    if (action === "clear" || item === null) items = [];
    else if (action === "delete") items = items.filter((one) => one.id !== item.id);
    else if (!has) items = [...items, item];
    else if (action === "update") items = items.map((one) => (one.id === item.id ? item : one));
  }
  return items;
}

function folded(changes: readonly Change[]): TopicFold {
  const fold = new TopicFold();
  for (const one of changes) fold.apply(one);
  return fold;
}

const itemsOf = (fold: TopicFold) => {
  const state = fold.state();
  return state.kind === "list" ? state.items : [];
};

test("any history folds into the naive list, and a state never changes once it was given out", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const fold = new TopicFold();
      const given: [unknown, string][] = [];
      for (const one of changes) {
        const before = fold.state();
        if (!fold.apply(one)) expect(fold.state()).toBe(before);
        given.push([fold.state(), JSON.stringify(fold.state())]);
      }
      expect(itemsOf(fold)).toEqual(naive(changes));
      for (const [state, text] of given) expect(JSON.stringify(state)).toBe(text);
    }),
  );
});

test("the differences of two states, applied to the first, give the items of the second", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.array(change, { maxLength: 20 }), (old, now) => {
      const fold = folded(old);
      const target = folded(now);
      const found = differences(new Map([["t", fold.state()]]), new Map([["t", target.state()]]), 1);
      for (const update of found) expect(fold.apply(update), JSON.stringify(update)).toBe(true);
      const byId = (items: readonly { id: unknown }[]) => new Map(items.map((item) => [item.id, item]));
      expect(byId(itemsOf(fold))).toEqual(byId(itemsOf(target)));
    }),
  );
});

test("a document is replaced, also by one with a field named id, and cleared to an empty one", () => {
  const fold = new TopicFold();
  fold.apply({ action: "update", data: { title: "one" } });
  fold.apply({ action: "update", data: { id: "x", title: "two" } });
  expect(fold.state()).toEqual({ kind: "document", value: { id: "x", title: "two" } });
  fold.apply({ action: "clear", data: null });
  expect(fold.state()).toEqual({ kind: "document", value: {} });
});

test.each<Change>([
  { action: "add", data: null },
  { action: "add", data: { noId: true } },
  { action: "add", data: [1] },
  { action: "add", data: { id: { deep: 1 } } },
  { action: "update", data: "text" },
  { action: "delete", data: null },
])("%o changes nothing", (odd) => {
  const fold = folded([{ action: "add", data: { id: 1 } }]);
  expect(fold.apply(odd)).toBe(false);
  expect(itemsOf(fold)).toEqual([{ id: 1 }]);
});
