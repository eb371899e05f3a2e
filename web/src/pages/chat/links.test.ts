/** What in a text becomes a link, what stays text, and that no text is too much work. */
import { describe, expect, test } from "vitest";
import { pieces } from "./links";

const links = (text: string) =>
  pieces(text).flatMap((piece) => (piece.kind === "link" ? [[piece.text, piece.href]] : []));

describe("what becomes a link", () => {
  test.each([
    ["see https://a.example/x?y=1#z.", [["https://a.example/x?y=1#z", "https://a.example/x?y=1#z"]]],
    ["(http://a.example/b_(c))", [["http://a.example/b_(c)", "http://a.example/b_(c)"]]],
    ["www.example.org, now", [["www.example.org", "https://www.example.org/"]]],
    ["example.com", [["example.com", "https://example.com/"]]],
    ["write to ann@example.com", [["ann@example.com", "mailto:ann@example.com"]]],
  ])("%j", (text, expected) => {
    expect(links(text)).toEqual(expected);
  });
});

describe("what stays text", () => {
  test.each([
    "javascript:alert(1)",
    "data:text/html,hi",
    "ftp://a.example/x",
    "file:///etc/passwd",
    "//a.example/x",
    "vbscript:x",
    "main.rs and notes.md",
    "1.5 and 10.0.0.1",
    "<a href='javascript:alert(1)'>x</a>",
  ])("%j", (text) => {
    expect(links(text)).toEqual([]);
  });
});

test.each(["", "plain", "a https://a.example b https://b.example c", "https://a.example"])(
  "the pieces of %j are the text",
  (text) => {
    expect(
      pieces(text)
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text);
  },
);

test("a text of nothing but links is not turned into thousands of elements", () => {
  expect(links("https://a.example ".repeat(1_000)).length).toBe(200);
});
