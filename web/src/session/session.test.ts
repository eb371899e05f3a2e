/** Who the page takes somebody for, from what it or another app left in storage. */
import { act, renderHook } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { forgetSession, loadSession, readPerson, saveSession, TOKEN_KEY, USER_KEY } from "./session";
import { useSession } from "./use-session";
import { memoryStorage } from "./window-storage";

const session = { token: "t", user: { id: "1", name: "Ann", role: "member" } };
const tokenOf = (claims: object) => {
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  return `h.${btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")}.s`;
};

test("a session survives a reload, and leaves nothing when it is forgotten", () => {
  const storage = memoryStorage();
  saveSession(storage, session);
  expect(loadSession(storage)).toEqual(session);
  forgetSession(storage);
  expect(storage.length).toBe(0);
});

describe("a token that another app of this address left", () => {
  test("names its person, whatever script the name is in", () => {
    const storage = memoryStorage();
    storage.setItem(TOKEN_KEY, tokenOf({ userId: 7, name: "Ayşe 🌊", role: "admin" }));
    expect(loadSession(storage)?.user).toEqual({ id: "7", name: "Ayşe 🌊", role: "admin" });
  });

  test.each(["", "x", "a.b.c", "a.%%%.c"])("%j names nobody", (token) => {
    const storage = memoryStorage();
    storage.setItem(TOKEN_KEY, token);
    expect(loadSession(storage)).toBeNull();
  });

  test("is asked when what is stored beside it is damaged", () => {
    const storage = memoryStorage();
    storage.setItem(TOKEN_KEY, tokenOf({ sub: "9" }));
    storage.setItem(USER_KEY, "{");
    expect(loadSession(storage)?.user).toEqual({ id: "9", name: "Someone", role: "member" });
  });
});

test.each([null, 5, {}, { id: "" }, { id: {} }])("%j is no person", (value) => {
  expect(readPerson(value)).toBeNull();
});

test("signing out in another window ends the session here", () => {
  saveSession(localStorage, session);
  const { result } = renderHook(() => useSession(localStorage));
  expect(result.current.session).toEqual(session);
  forgetSession(localStorage);
  act(() => void window.dispatchEvent(new StorageEvent("storage", { key: TOKEN_KEY, storageArea: localStorage })));
  expect(result.current.session).toBeNull();
});
