/**
 * Reads whatever lies in the topic as a message. Items come from any app, so every field may be missing or odd:
 * what cannot be read becomes absent, and nothing here throws.
 */
import { type Media, readMedia } from "./media";
import { dayOf, readInstant, readTimeText } from "./moment";

export type ItemId = string | number;

export interface Quoted {
  /** Key of the message that is answered. */
  key: string;
  /** What the answering item itself says about it, used when the original is not here. */
  name: string;
  text: string;
}

export interface Message {
  /** Unique in the list: the ids 3 and "3" are two messages. */
  key: string;
  id: ItemId;
  /** Empty when the item does not say. */
  senderId: string;
  senderName: string;
  text: string;
  media: Media | null;
  replyTo: Quoted | null;
  /** ms since 1970, null when unknown. */
  instant: number | null;
  /** The reader's local day of the instant, as `dayOf` counts. */
  day: number | null;
  /** Display text that came with the item; used when the instant is unknown. */
  timeText: string;
}

const NAME_CHARS_MAX = 64;
const NAMELESS = "Someone";
/** Characters that could reorder or hide the text around a name. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

export function isItemId(value: unknown): value is ItemId {
  return (typeof value === "string" && value !== "") || Number.isSafeInteger(value);
}

export function keyOf(id: ItemId): string {
  return typeof id === "number" ? `n:${id}` : `s:${id}`;
}

export function readName(value: unknown): string {
  if (typeof value !== "string") return NAMELESS;
  const chars = Array.from(value.replace(UNPRINTABLE, " ").replace(/\s+/g, " ").trim());
  if (chars.length === 0) return NAMELESS;
  return chars.length > NAME_CHARS_MAX ? `${chars.slice(0, NAME_CHARS_MAX - 1).join("")}…` : chars.join("");
}

function readText(value: unknown): string {
  if (typeof value === "string") return value.replace(/\r\n?/g, "\n").trim();
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function readQuoted(value: unknown): Quoted | null {
  if (isItemId(value)) return { key: keyOf(value), name: "", text: "" };
  if (value === null || typeof value !== "object") return null;
  const { id, senderName, content } = value as Record<string, unknown>;
  if (!isItemId(id)) return null;
  return { key: keyOf(id), name: senderName === undefined ? "" : readName(senderName), text: readText(content) };
}

/** The message in an item, or null when it has no id to know it by. `committedAt` is the commit time in ms, if known. */
export function readMessage(item: unknown, nowMs: number, base: string, committedAt?: number): Message | null {
  if (item === null || typeof item !== "object") return null;
  const fields = item as Record<string, unknown>;
  if (!isItemId(fields.id)) return null;
  const instant = readInstant(fields.sentAt, nowMs) ?? readInstant(fields.timestamp, nowMs) ?? committedAt ?? null;
  const sender = fields.userId;
  return {
    key: keyOf(fields.id),
    id: fields.id,
    senderId: typeof sender === "string" || typeof sender === "number" ? String(sender) : "",
    senderName: readName(fields.senderName),
    text: readText(fields.content),
    media: readMedia(fields.media, base),
    replyTo: readQuoted(fields.replyTo),
    instant,
    day: instant === null ? null : dayOf(instant),
    timeText: readTimeText(fields.timestamp),
  };
}

/** One line that stands for a message: in a quote, a title, an announcement. */
export function summary(message: Pick<Message, "text" | "media">): string {
  const line = message.text.replace(/\s+/g, " ").trim();
  if (line !== "") return line;
  switch (message.media?.kind) {
    case "image":
      return "Picture";
    case "video":
      return "Video";
    case "audio":
      return "Sound";
    case "file":
    case "unknown":
      return "Attachment";
    default:
      return "Empty message";
  }
}
