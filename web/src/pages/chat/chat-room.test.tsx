/**
 * The room as a person uses it: writing, replying, deleting, what arrives and what could not be sent.
 * Messages go to a recording `push`, never to a server.
 */
import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { memoryStorage } from "../../session/window-storage";
import type { Outgoing, Room } from "../../sync/room";
import { ChatRoom } from "./chat-room";

const ME = { id: "me", name: "Mira", role: "member" };
const theirs = (id: string, content = id) => ({ id, userId: "ann", senderName: "Ann", content });
const mine = (id: string, content = id) => ({ id, userId: "me", senderName: "Mira", content });

// The list draws what fits a view; jsdom gives everything the height 0.
beforeAll(() => Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, value: 600 }));
afterAll(() => void Reflect.deleteProperty(HTMLElement.prototype, "clientHeight"));

function enter(parts: Partial<Room> = {}) {
  const room: Room = {
    ...{ items: [], loaded: true, connection: { state: "online" }, presence: { windows: 1, people: [] }, outbox: [] },
    ...{ committedAt: new Map(), push: vi.fn(), retry: vi.fn(), discard: vi.fn() },
    ...parts,
  };
  const onLeave = vi.fn();
  const storage = memoryStorage();
  const view = (now: Room) => <ChatRoom room={now} me={ME} storage={storage} onLeave={onLeave} />;
  const { rerender } = render(view(room));
  return { room, onLeave, change: (next: Partial<Room>) => rerender(view({ ...room, ...next })) };
}
const composer = () => screen.getByTestId<HTMLTextAreaElement>("composer");
const message = (id: string) => {
  const row = screen.getAllByTestId("message").find((item) => item.dataset.messageId === id);
  if (row === undefined) throw new Error(`no message ${id}`);
  return within(row);
};
const out = (id: string, status: Outgoing["status"]): Outgoing => ({
  key: `key-${id}`,
  action: "add",
  data: mine(id),
  status,
});

describe("writing", () => {
  test("Enter sends what was written, with who and when", async () => {
    const { room } = enter();
    await userEvent.type(composer(), "hello{Enter}");
    const [action, item] = vi.mocked(room.push).mock.calls[0] ?? [];
    expect(action).toBe("add");
    expect(item).toMatchObject({ userId: "me", senderName: "Mira", content: "hello" });
    expect(item).toHaveProperty("sentAt");
    expect(composer().value).toBe("");
  });

  test("Shift+Enter makes a line, and blank text is not sent", async () => {
    const { room } = enter();
    await userEvent.type(composer(), "  {Enter}");
    expect(room.push).not.toHaveBeenCalled();
    await userEvent.clear(composer());
    await userEvent.type(composer(), "a{Shift>}{Enter}{/Shift}b");
    expect(composer().value).toBe("a\nb");
  });

  test("Enter that ends a composition does not send", () => {
    const { room } = enter();
    fireEvent.change(composer(), { target: { value: "にほん" } });
    fireEvent.keyDown(composer(), { key: "Enter", isComposing: true });
    fireEvent.keyDown(composer(), { key: "Enter", keyCode: 229 });
    expect(room.push).not.toHaveBeenCalled();
  });

  test("a reply carries the id it answers, with its type; Escape drops it", async () => {
    const { room } = enter({ items: [{ ...theirs("x"), id: 7 }] });
    await userEvent.click(message("7").getByRole("button", { name: "Reply", hidden: true }));
    await userEvent.type(composer(), "yes{Enter}");
    expect(vi.mocked(room.push).mock.calls[0]?.[1]).toMatchObject({ replyTo: 7 });
    await userEvent.click(message("7").getByRole("button", { name: "Reply", hidden: true }));
    await userEvent.type(composer(), "{Escape}no{Enter}");
    expect(vi.mocked(room.push).mock.calls[1]?.[1]).not.toHaveProperty("replyTo");
  });
});

describe("messages on their way", () => {
  test("are marked, and the mark goes when the server has them", () => {
    const { change } = enter({ outbox: [out("w", { state: "waiting" })] });
    expect(message("w").getByTestId("state-waiting")).toBeTruthy();
    change({ items: [mine("w")], outbox: [] });
    expect(message("w").queryByTestId("state-waiting")).toBeNull();
    expect(screen.getAllByTestId("message")).toHaveLength(1);
  });

  test("that were refused say why, and can be tried again or discarded", async () => {
    const { room } = enter({ outbox: [out("r", { state: "refused", reason: "Too long." })] });
    expect(message("r").getByText(/Too long\./)).toBeTruthy();
    await userEvent.click(message("r").getByTestId("retry"));
    expect(room.retry).toHaveBeenCalledWith("key-r");
    await userEvent.click(message("r").getByTestId("discard"));
    expect(room.discard).toHaveBeenCalledWith("key-r");
  });

  test("that were refused can be taken back into the composer", async () => {
    const { room } = enter({ outbox: [out("r", { state: "refused", reason: "Too long." })] });
    await userEvent.click(message("r").getByRole("button", { name: "Edit" }));
    expect(composer().value).toBe("r");
    expect(room.discard).toHaveBeenCalledWith("key-r");
  });

  test("keep somebody from signing out without a question", async () => {
    const { onLeave } = enter({ outbox: [out("w", { state: "waiting" })] });
    await userEvent.click(screen.getByTestId("sign-out"));
    expect(onLeave).not.toHaveBeenCalled();
    await userEvent.click(screen.getByTestId("confirm"));
    expect(onLeave).toHaveBeenCalledOnce();
  });
});

describe("deleting", () => {
  test("is offered for my own messages only, and asks first", async () => {
    const { room } = enter({ items: [theirs("a"), mine("b")] });
    expect(message("a").queryByRole("button", { name: "Delete", hidden: true })).toBeNull();
    await userEvent.click(message("b").getByRole("button", { name: "Delete", hidden: true }));
    expect(room.push).not.toHaveBeenCalled();
    await userEvent.click(screen.getByTestId("confirm"));
    expect(room.push).toHaveBeenCalledWith("delete", { id: "b" });
  });

  test("of what has not left yet sends nothing", async () => {
    const { room } = enter({ outbox: [out("w", { state: "waiting" })] });
    await userEvent.click(message("w").getByRole("button", { name: "Delete", hidden: true }));
    await userEvent.click(screen.getByTestId("confirm"));
    expect(room.discard).toHaveBeenCalledWith("key-w");
    expect(room.push).not.toHaveBeenCalled();
  });

  test("that the server refuses is said, and the message stays", () => {
    const refused: Outgoing = {
      key: "k",
      action: "delete",
      data: { id: "b" },
      status: { state: "refused", reason: "Not yours." },
    };
    const { room } = enter({ items: [mine("b")], outbox: [refused] });
    expect(screen.getByTestId("said").textContent).toBe("Not deleted. Not yours.");
    expect(room.discard).toHaveBeenCalledWith("k");
    expect(message("b")).toBeTruthy();
  });
});

describe("what arrives", () => {
  const announced = () => screen.getByRole("log").textContent;

  test("is announced once; what was there before is not", () => {
    const { change } = enter({ items: [theirs("old")] });
    expect(announced()).toBe("");
    change({ items: [theirs("old"), theirs("new", "news")] });
    expect(announced()).toBe("Ann: news");
    change({ items: [theirs("old"), theirs("new", "news")], presence: { windows: 2, people: [] } });
    expect(announced()).toBe("Ann: news");
  });

  test("with the first answer of the server is history, not news", () => {
    const { change } = enter({ loaded: false });
    change({ items: [theirs("a"), theirs("b")], loaded: true });
    expect(announced()).toBe("");
  });

  test("is quoted from the original, and a lost original is said to be lost", () => {
    enter({ items: [theirs("a", "the question"), { ...mine("b"), replyTo: "a" }, { ...mine("c"), replyTo: "gone" }] });
    expect(message("b").getByText("the question")).toBeTruthy();
    expect(message("c").getByText(/not here any more/)).toBeTruthy();
  });
});

test("an empty room invites, and one that is not loaded does not claim to be empty", () => {
  const { change } = enter();
  expect(screen.getByTestId("empty-room").textContent).toMatch(/No messages yet/);
  change({ loaded: false });
  expect(screen.queryByTestId("empty-room")).toBeNull();
});

test("odd items of other apps stand beside ours", () => {
  enter({ items: [{ id: 1 }, { id: 2, content: { a: 1 }, senderName: 5, media: "x", timestamp: [] }, theirs("a")] });
  expect(screen.getAllByTestId("message")).toHaveLength(3);
  expect(message("1").getByText("Empty message")).toBeTruthy();
});

test("who is here, once each, and which one is me", () => {
  enter({
    presence: {
      windows: 3,
      people: [
        { id: "me", name: "Mira" },
        { id: "ann", name: "Ann" },
      ],
    },
  });
  expect(screen.getByTestId("people-count").textContent).toBe("2");
  expect(screen.getByTestId("people").textContent).toContain("you");
  expect(screen.getByTestId("connection").dataset.state).toBe("online");
});
