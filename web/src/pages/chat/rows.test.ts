/** How messages become rows: runs of one sender, days between them, a key for each. */
import { describe, expect, test } from "vitest";
import { readMessage } from "./message";
import { dayLabel, dayOf } from "./moment";
import { buildRows, type Entry, type Row } from "./rows";

const NOON = new Date(2026, 10, 22, 12).getTime();
const NOW = NOON + 10 * 86_400_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

function entry(id: string, userId: string | undefined, sentAt: number | null, senderName = userId): Entry {
  const item = {
    id,
    userId,
    senderName,
    content: id,
    sentAt: sentAt === null ? undefined : new Date(sentAt).toISOString(),
  };
  const message = readMessage(item, NOW, "http://localhost/");
  if (message === null) throw new Error("not a message");
  return { message, delivery: { state: "sent" } };
}

/** `a` alone, `a-` first of a run, `-a-` inside, `-a` last; days as `|`. */
function sketch(rows: readonly Row[]): string {
  return rows
    .map((row) => (row.kind === "day" ? "|" : `${row.first ? "" : "-"}${row.message.id}${row.last ? "" : "-"}`))
    .join(" ");
}

describe("runs of bubbles", () => {
  test("one sender within five minutes is one run", () => {
    const entries = [
      entry("a", "ann", NOON),
      entry("b", "ann", NOON + 5 * MINUTE),
      entry("c", "ann", NOON + 6 * MINUTE),
    ];
    expect(sketch(buildRows(entries, "me"))).toBe("| a- -b- -c");
  });

  test("a pause, another sender or another name starts a new run", () => {
    const pause = [entry("a", "ann", NOON), entry("b", "ann", NOON + 5 * MINUTE + 1)];
    expect(sketch(buildRows(pause, "me"))).toBe("| a b");
    const senders = [entry("a", "ann", NOON), entry("b", "bo", NOON), entry("c", "ann", NOON)];
    expect(sketch(buildRows(senders, "me"))).toBe("| a b c");
    const names = [entry("a", "ann", NOON, "Ann"), entry("b", "ann", NOON, "Anna")];
    expect(sketch(buildRows(names, "me"))).toBe("| a b");
  });

  test("without times, only the sender counts", () => {
    expect(sketch(buildRows([entry("a", "ann", null), entry("b", "ann", null)], "me"))).toBe("a- -b");
  });

  test("mine are those with my id, and never those without one", () => {
    const rows = buildRows([entry("a", "me", NOON), entry("b", undefined, NOON), entry("c", "bo", NOON)], "me");
    expect(rows.map((row) => row.kind === "message" && row.mine)).toEqual([false, true, false, false]);
    const nobody = buildRows([entry("b", undefined, NOON)], "");
    expect(nobody.some((row) => row.kind === "message" && row.mine)).toBe(false);
  });
});

describe("day separators", () => {
  test("stand between days, and a run does not cross them", () => {
    const late = new Date(2026, 10, 22, 23, 59).getTime();
    expect(sketch(buildRows([entry("a", "ann", late), entry("b", "ann", late + 2 * MINUTE)], "me"))).toBe("| a | b");
  });

  test("a message of unknown day belongs to the day it stands in", () => {
    const entries = [
      entry("x", "ann", null),
      entry("a", "ann", NOON),
      entry("y", "bo", null),
      entry("b", "ann", NOON + DAY),
    ];
    expect(sketch(buildRows(entries, "me"))).toBe("x | a y | b");
  });

  test("the day never goes back, whatever somebody's clock says", () => {
    const entries = [entry("a", "ann", NOON), entry("b", "bo", NOON - 3 * DAY), entry("c", "ann", NOON)];
    expect(sketch(buildRows(entries, "me"))).toBe("| a b c");
  });

  test("every row has a key of its own", () => {
    const entries = [entry("a", "ann", NOON), entry("b", "ann", NOON + DAY), entry("c", "ann", NOON + 2 * DAY)];
    const keys = buildRows(entries, "me").map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("are named from today's point of view", () => {
    const today = dayOf(NOON);
    expect(dayLabel(today, today)).toBe("Today");
    expect(dayLabel(today - 1, today)).toBe("Yesterday");
    expect(dayLabel(today - 2, today)).toBe("Friday");
    expect(dayLabel(today - 7, today)).toMatch(/15/);
    expect(dayLabel(today - 7, today)).not.toMatch(/2026/);
    expect(dayLabel(today - 400, today)).toMatch(/2025/);
  });
});
