/** How items, our own and other apps', become messages: whatever stands in them, a message is well formed or none. */
import { describe, expect, test } from "vitest";
import { keyOf, readMessage, readName, summary } from "./message";

const NOW = Date.UTC(2026, 10, 22, 12);
const BASE = "http://localhost:3000/";
const read = (item: unknown, committedAt?: number) => readMessage(item, NOW, BASE, committedAt);

describe("items of other apps", () => {
  test("an item with nothing but an id is a message", () => {
    expect(read({ id: "a" })).toEqual({
      ...{ key: "s:a", id: "a", senderId: "", senderName: "Someone", text: "", media: null },
      ...{ replyTo: null, instant: null, day: null, timeText: "" },
    });
  });

  test.each([null, 7, "text", [], {}, { id: null }, { id: "" }, { id: 1.5 }, { id: {} }])(
    "%j is no message",
    (item) => {
      expect(read(item)).toBeNull();
    },
  );

  test("the ids 3 and '3' are two messages", () => {
    expect(read({ id: 3 })?.key).not.toBe(read({ id: "3" })?.key);
  });

  test("a numeric user id is the same person as its text", () => {
    expect(read({ id: 1, userId: 42 })?.senderId).toBe("42");
  });

  test.each([
    [{ content: 12 }, "12"],
    [{ content: { html: "<b>" } }, ""],
    [{ content: "a\r\nb" }, "a\nb"],
    [{ content: "  x  " }, "x"],
    [{ content: null }, ""],
  ])("content %j reads %j", (fields, text) => {
    expect(read({ id: 1, ...fields })?.text).toBe(text);
  });

  test("markup stays what it is: text", () => {
    expect(read({ id: 1, content: "<img src=x onerror=alert(1)>" })?.text).toBe("<img src=x onerror=alert(1)>");
  });

  test("a reply is an id, or an object that says more", () => {
    expect(read({ id: 1, replyTo: 7 })?.replyTo).toEqual({ key: keyOf(7), name: "", text: "" });
    const quoted = { id: "q", senderName: "Ann", content: "hi" };
    expect(read({ id: 1, replyTo: quoted })?.replyTo).toEqual({ key: "s:q", name: "Ann", text: "hi" });
    expect(read({ id: 1, replyTo: {} })?.replyTo).toBeNull();
  });
});

describe("names", () => {
  test.each([undefined, null, "", "   ", 5, "\u202e"])("%j is someone", (name) => {
    expect(readName(name)).toBe("Someone");
  });

  test("characters that turn the text around are taken out", () => {
    expect(readName("Ann\u202eadmin\u2066")).toBe("Ann admin");
  });

  test("a long name is cut between characters, not inside one", () => {
    const name = readName("🌊".repeat(100));
    expect(Array.from(name)).toHaveLength(64);
    expect(name.isWellFormed()).toBe(true);
  });
});

describe("when a message was sent", () => {
  const iso = "2026-11-20T08:30:00.000Z";
  test("sentAt comes before everything", () => {
    expect(read({ id: 1, sentAt: iso, timestamp: "2026-11-01T00:00:00Z" }, NOW)?.instant).toBe(Date.parse(iso));
  });

  test("an unambiguous timestamp comes before the commit time", () => {
    expect(read({ id: 1, timestamp: iso }, NOW)?.instant).toBe(Date.parse(iso));
    expect(read({ id: 1, timestamp: 1_763_000_000 }, NOW)?.instant).toBe(1_763_000_000_000);
    expect(read({ id: 1, timestamp: "1763000000000" }, NOW)?.instant).toBe(1_763_000_000_000);
  });

  test("display text gives no instant; the commit time does", () => {
    expect(read({ id: 1, timestamp: "14:05" })).toMatchObject({ instant: null, timeText: "14:05" });
    expect(read({ id: 1, timestamp: "03/04/2026 10:00" }, NOW)?.instant).toBe(NOW);
  });

  test.each(["2099-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "yesterday", Number.NaN, -5])(
    "%j is not believed",
    (sentAt) => {
      expect(read({ id: 1, sentAt })?.instant).toBeNull();
    },
  );

  test("endless display text is cut", () => {
    expect(read({ id: 1, timestamp: "x".repeat(500) })?.timeText).toHaveLength(32);
  });
});

test("a message in one line", () => {
  expect(summary({ text: "a\nb", media: null })).toBe("a b");
  expect(summary({ text: "", media: { kind: "image", url: "https://x" } })).toBe("Picture");
  expect(summary({ text: "", media: null })).toBe("Empty message");
});
