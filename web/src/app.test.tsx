/**
 * What a person sees first: the door or the room, and how each leads to the other.
 * The connection is a plain value here; the room's own facts are in `pages/chat`.
 */
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { App } from "./app";
import type { Connection, Room } from "./sync/room";

let connection: Connection = { state: "online" };
const useRoom = (): Room => ({
  ...{ items: [], loaded: true, presence: null, outbox: [], committedAt: new Map(), connection },
  ...{ push: vi.fn(), retry: vi.fn(), discard: vi.fn() },
});
vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("Failed to fetch"));

const signIn = () => {
  localStorage.setItem("authToken", "t");
  localStorage.setItem("tidings.user", '{"id":"1","name":"Ann","role":"member"}');
};
const open = (setupSecret: string | null = null) =>
  render(<App storage={localStorage} setupSecret={setupSecret} useRoom={useRoom} />);
afterEach(() => {
  connection = { state: "online" };
  window.history.replaceState(null, "", "/");
});

test("nobody stands before the door, somebody is in the room", () => {
  open().unmount();
  expect(screen.queryByTestId("composer")).toBeNull();
  signIn();
  open();
  expect(screen.getByTestId("my-name").textContent).toBe("Ann");
});

test("signing out forgets the token, the person and the draft", async () => {
  signIn();
  open();
  await userEvent.type(screen.getByTestId("composer"), "draft");
  await userEvent.click(screen.getByTestId("sign-out"));
  expect(screen.getByTestId("name-field")).toBeTruthy();
  expect(Object.keys(localStorage)).toEqual([]);
});

test("a session that the server ended leads to the door, with the reason", () => {
  signIn();
  connection = { state: "ended", reason: "The token was revoked." };
  open();
  expect(screen.getByRole("status").textContent).toMatch(/signed out.*revoked/);
  expect(localStorage.getItem("authToken")).toBeNull();
});

test("a set-up link is followed by somebody who is signed in too, and can be put aside", async () => {
  signIn();
  open("s3cret");
  expect(screen.getByRole("heading", { name: "Set up this server" })).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Enter the room instead" }));
  expect(screen.getByTestId("composer")).toBeTruthy();
});

test("a set-up link opened where the page already is works, and leaves the address bar", () => {
  open();
  act(() => {
    window.location.hash = "#setup=s3cret";
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  });
  expect(screen.getByRole("heading", { name: "Set up this server" })).toBeTruthy();
  expect(window.location.href).not.toContain("s3cret");
});
