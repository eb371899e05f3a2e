/** The seams to the browser: storages of every kind, keys, identities. */
import { expect, test, vi } from "vitest";
import { fillEnvironment, listable, type StorageLike } from "./environment.ts";
import { mayInherit, whoIs } from "./identity.ts";

function bareStorage(): StorageLike & { readonly values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

test("a storage without enumeration gets an index of our names, and of ours only", () => {
  const bare = bareStorage();
  const storage = listable(bare);
  storage.setItem("chatMessages", "[]");
  storage.setItem("tidings:outbox:1", "one");
  storage.setItem("tidings:outbox:2", "two");
  storage.setItem("tidings:outbox:2", "two again");
  storage.removeItem("tidings:outbox:1");
  expect(listable(bare).keys("tidings:outbox:")).toEqual(["tidings:outbox:2"]);
  expect(bare.values.get("chatMessages")).toBe("[]");
});

test("without any storage the page keeps its state for itself", () => {
  const { storage } = fillEnvironment({});
  storage.setItem("tidings:x", "1");
  expect(storage.getItem("tidings:x")).toBe("1");
  expect(storage.keys("tidings:")).toEqual(["tidings:x"]);
  storage.removeItem("tidings:x");
  expect(storage.getItem("tidings:x")).toBe(null);
});

test("an empty token is none", () => {
  expect(fillEnvironment({ token: "" }).token()).toBe(null);
  expect(fillEnvironment({ token: () => "" }).token()).toBe(null);
});

test("keys are version 4 UUIDs, also where the page is not secure and randomUUID is missing", () => {
  const { newKey } = fillEnvironment({});
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(newKey()).toMatch(uuid);
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const [one, two] = [newKey(), newKey()];
  vi.unstubAllGlobals();
  expect(one).toMatch(uuid);
  expect(one).not.toBe(two);
});

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;

test.each([
  [jwt({ sub: "ada" }), "s|ada|member"],
  [jwt({ userId: 7, role: "admin" }), "s|7|admin"],
  [jwt({ id: "ünï", sub: "" }), "s|ünï|member"],
  [null, "s|"],
])("a token's person is read from its claims", (token, who) => {
  expect(whoIs("s", token)).toBe(who);
});

test("a token that is no JWT, or has no claims, still tells one person from another", () => {
  const tokens = ["opaque-1", "opaque-2", "a.b.c", jwt({ name: "no id" }), jwt([])];
  expect(new Set(tokens.map((token) => whoIs("s", token))).size).toBe(tokens.length);
});

test("lists pass to the same person, and from nobody to whoever logs in, on the same server only", () => {
  const [nobody, ada, bob] = [null, jwt({ sub: "ada" }), jwt({ sub: "bob" })].map((token) => whoIs("s", token));
  const elsewhere = whoIs("t", jwt({ sub: "ada" }));
  const pairs = [nobody, ada, bob, elsewhere].map((from) =>
    [nobody, ada, bob, elsewhere].map((to) => mayInherit(from ?? "", to ?? "")),
  );
  expect(pairs).toEqual([
    [true, true, true, false],
    [false, true, false, false],
    [false, false, true, false],
    [false, false, false, true],
  ]);
});
