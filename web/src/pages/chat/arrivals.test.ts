/** What counts as newly arrived, and what is said aloud about it. */
import { describe, expect, test } from "vitest";
import { announcements } from "./announcer";
import { arrivalsOf } from "./arrivals";
import { readMessage } from "./message";
import type { Delivery, MessageRowData } from "./rows";

const SENT: Delivery = { state: "sent" };

function row(
  id: string,
  { mine = false, delivery = SENT }: { mine?: boolean; delivery?: Delivery } = {},
): MessageRowData {
  const message = readMessage({ id, senderName: "Ann", content: `text ${id}` }, 0, "http://localhost/");
  if (message === null) throw new Error("not a message");
  return { kind: "message", key: message.key, message, delivery, mine, first: true, last: true };
}
const known = (...rows: MessageRowData[]) => new Set(rows.map(({ key }) => key));
const ids = (rows: MessageRowData[]) => rows.map(({ message }) => message.id);

describe("arrivals", () => {
  test("are the messages of others behind the known ones, in order", () => {
    const [a, b, c] = [row("a"), row("b"), row("c")];
    expect(ids(arrivalsOf([a, b, c], known(a)))).toEqual(["b", "c"]);
  });

  test("are none when a message was deleted or changed", () => {
    const [a, b] = [row("a"), row("b")];
    expect(arrivalsOf([a], known(a, b))).toEqual([]);
  });

  test("do not hide behind a message of mine that waited at the end", () => {
    const [a, b, mine] = [row("a"), row("b"), row("m", { mine: true })];
    expect(ids(arrivalsOf([a, b, mine], known(a, mine)))).toEqual(["b"]);
  });

  test("leave out what has not been sent", () => {
    const a = row("a");
    expect(arrivalsOf([a, row("w", { mine: true, delivery: { state: "waiting" } })], known(a))).toEqual([]);
  });
});

describe("announcements", () => {
  test("say who and what", () => {
    expect(announcements([row("1"), row("2")])).toEqual(["Ann: text 1", "Ann: text 2"]);
  });

  test("only count a flood", () => {
    expect(announcements([row("1"), row("2"), row("3"), row("4")])).toEqual(["4 new messages"]);
  });
});
