/** The set-up secret in the address: read once, and gone from the address at once. */
import { expect, test, vi } from "vitest";
import { takeSetupSecret } from "./setup-link";

function page(hash: string) {
  const replaceState = vi.fn();
  return { location: { hash, pathname: "/", search: "?a=1" }, history: { replaceState } } as unknown as Window;
}

test("the secret is read, and taken out of the address at once", () => {
  const opened = page("#setup=abc%2B1");
  expect(takeSetupSecret(opened)).toBe("abc+1");
  expect(opened.history.replaceState).toHaveBeenCalledWith(null, "", "/?a=1");
});

test.each(["", "#", "#someone-else", "#setup"])("%j is no set-up link", (hash) => {
  const opened = page(hash);
  expect(takeSetupSecret(opened)).toBeNull();
  expect(opened.history.replaceState).not.toHaveBeenCalled();
});

test("an empty or damaged secret does not break the page", () => {
  expect(takeSetupSecret(page("#setup="))).toBeNull();
  expect(takeSetupSecret(page("#setup=%E0%A4%A"))).toBe("%E0%A4%A");
});
