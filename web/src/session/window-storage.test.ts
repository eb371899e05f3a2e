/** Which storage a window uses, also where the browser refuses to give one. */
import { expect, test, vi } from "vitest";
import { memoryStorage, SOMEONE_ELSE, store, windowStorage } from "./window-storage";

function page(hash: string, storages: { local?: () => Storage; session?: () => Storage } = {}): Window {
  const replaceState = vi.fn();
  return {
    location: { hash, pathname: "/", search: "" },
    history: { replaceState },
    get localStorage() {
      return (storages.local ?? (() => localStorage))();
    },
    get sessionStorage() {
      return (storages.session ?? (() => sessionStorage))();
    },
  } as unknown as Window;
}
const refuse = (): Storage => {
  throw new DOMException("denied", "SecurityError");
};

test("windows of one browser share who they are", () => {
  expect(windowStorage(page(""))).toBe(localStorage);
});

test("a window opened as somebody else keeps to itself, also after a reload", () => {
  const first = page(SOMEONE_ELSE);
  expect(windowStorage(first)).toBe(sessionStorage);
  expect(first.history.replaceState).toHaveBeenCalledWith(null, "", "/");
  expect(windowStorage(page(""))).toBe(sessionStorage);
});

test("without storage the page still runs, and forgets", () => {
  const storage = windowStorage(page("", { local: refuse, session: refuse }));
  storage.setItem("a", "1");
  expect(storage.getItem("a")).toBe("1");
});

test("a full storage is answered, not thrown", () => {
  const full = { ...memoryStorage(), setItem: refuse };
  expect(store(full, "a", "1")).toBe(false);
});
