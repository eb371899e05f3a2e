/**
 * When a message was sent, and how to say so.
 *
 * Items carry `timestamp` as display text, which says nothing about the day. Our own items add `sentAt` (ISO). An instant
 * is taken from the first of these that is plausible: `sentAt`, an unambiguous `timestamp`, the commit time if this page
 * saw the change arrive. Otherwise the instant is unknown and the display text is shown as it came.
 */

export const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;
/** Clocks of other people may be wrong; one further ahead than this is not believed. */
const CLOCK_AHEAD_MS_MAX = DAY_MS;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
/** Numbers below this are seconds, above it milliseconds: it is the year 5138 in seconds and 1973 in milliseconds. */
const SECONDS_BELOW = 100_000_000_000;
const TIME_TEXT_CHARS_MAX = 32;
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** The instant in ms since 1970, or null when the value does not name one beyond doubt. */
export function readInstant(value: unknown, nowMs: number): number | null {
  const ms = toMilliseconds(value);
  if (!Number.isFinite(ms) || ms < EARLIEST_MS || ms > nowMs + CLOCK_AHEAD_MS_MAX) return null;
  return ms;
}

function toMilliseconds(value: unknown): number {
  if (typeof value === "string") {
    if (ISO.test(value)) return Date.parse(value);
    if (/^\d{10}(\d{3})?$/.test(value)) return toMilliseconds(Number(value));
  }
  if (typeof value === "number") return value < SECONDS_BELOW ? value * 1000 : value;
  return Number.NaN;
}

/** The display text that came with an item, made short; empty when there is none worth showing. */
export function readTimeText(value: unknown): string {
  if (typeof value !== "string" || ISO.test(value) || /^\d+$/.test(value)) return "";
  const text = value.trim().replace(/\s+/g, " ");
  const chars = Array.from(text);
  return chars.length > TIME_TEXT_CHARS_MAX ? `${chars.slice(0, TIME_TEXT_CHARS_MAX - 1).join("")}…` : text;
}

/** Days since 1970 in the reader's own time zone: equal for two instants on the same local day. */
export function dayOf(instantMs: number): number {
  const date = new Date(instantMs);
  return Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS);
}

/** ms from now until the local day ends. */
export function untilMidnight(nowMs: number): number {
  const next = new Date(nowMs);
  next.setHours(24, 0, 0, 0);
  return Math.max(next.getTime() - nowMs, 1000);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, timeZone?: string): Intl.DateTimeFormat {
  const key = JSON.stringify([options, timeZone]);
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(undefined, timeZone ? { ...options, timeZone } : options);
  formats.set(key, made);
  return made;
}

/** The time of day, in the reader's language: 14:05. */
export function clockText(instantMs: number): string {
  return format({ hour: "2-digit", minute: "2-digit" }).format(instantMs);
}

/** The full date and time, for a tooltip. */
export function fullText(instantMs: number): string {
  return format({ dateStyle: "full", timeStyle: "short" }).format(instantMs);
}

/** What a day separator says, relative to today. Both are days as `dayOf` counts them. */
export function dayLabel(day: number, today: number): string {
  if (day === today) return "Today";
  if (day === today - 1) return "Yesterday";
  const noon = day * DAY_MS + DAY_MS / 2;
  if (day < today && day > today - 7) return format({ weekday: "long" }, "UTC").format(noon);
  const sameYear = new Date(noon).getUTCFullYear() === new Date(today * DAY_MS).getUTCFullYear();
  const long: Intl.DateTimeFormatOptions = { weekday: "long", day: "numeric", month: "long" };
  return format(sameYear ? long : { ...long, year: "numeric" }, "UTC").format(noon);
}
