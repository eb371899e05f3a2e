/**
 * Judges what our decoders say of a case by what the official JavaScript parsers say of it: both the same, or ours stricter by
 * a rule, which docs/compatibility.md then has. Everything else is a difference.
 *
 * As a program it sits beside the fuzzer (`fuzz/official.rs`): on its input a letter, the case and our verdict on it, both with
 * their length before them; on its output the difference in words, with its length before it, which is 0 where there is none.
 */
import { readSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inspect, isDeepStrictEqual } from "node:util";
import { isSamePacket, theirFrames, theirPacket, theirPayload } from "./parsers.mjs";

/** The count of attachments that a binary packet begins with. */
const COUNT = /^[56]([^-]*)-/;

/** What ours refuses of Socket.IO packets and theirs takes: why, and when. */
export const STRICTER = {
  "a first character that is no digit, or none": ({ text }) => !/^\d/.test(text),
  "CONNECT_ERROR from a client": ({ text }) => text.startsWith("4"),
  "a count of attachments that is not written in digits": ({ text }) => !/^\d+$/.test(COUNT.exec(text)?.[1] ?? "1"),
  "placeholders that do not name each attachment once": ({ text, our }) =>
    /^[56]/.test(text) && our.refused === "bad placeholder",
  "a namespace longer than 129 bytes": ({ their }) => Buffer.byteLength(their.nsp) > 129,
  "an acknowledgement id on CONNECT or DISCONNECT": ({ their }) => their.type < 2 && their.id !== undefined,
  "an acknowledgement without an id": ({ their }) => their.type === 3 && their.id === undefined,
  "an acknowledgement id that is not written in digits, or above 2^53 − 1": ({ text, their }) =>
    their.id > Number.MAX_SAFE_INTEGER || !/^\d*$/.test(idOf(text)),
  "an event or acknowledgement without an array": ({ their }) => their.type >= 2 && their.data === undefined,
  "an event whose name is a number": ({ their }) => their.type === 2 && typeof their.data?.[0] === "number",
  "an event name longer than 128 bytes": ({ their }) =>
    their.type === 2 && Buffer.byteLength(String(their.data?.[0])) > 128,
  "an event name with half a surrogate pair": ({ their }) =>
    their.type === 2 && !String(their.data?.[0]).isWellFormed(),
  "whitespace before the array": ({ their, text }) => their.type >= 2 && /^\s/.test(behindId(text)),
};

/** What ours refuses of Engine.IO payloads. */
export const BASE64 = "base64 that is not base64";

/** What ours refuses of WebSocket frames, or refuses at once where theirs waits for the message's end. */
export const STRICTER_FRAMES = {
  "a WebSocket frame whose length is not in its shortest form": ({ our }) => our.refused === "bad payload length",
};

/** What stands between namespace and payload, as the official parser reads an id: digits, and whatever counts as 0. */
function idOf(text) {
  return /^[\d\s]*/.exec(behindNamespace(text))[0];
}

function behindId(text) {
  return behindNamespace(text).replace(/^\d*/, "");
}

function behindNamespace(text) {
  const rest = text.replace(COUNT, "x").slice(1);
  if (!rest.startsWith("/")) return rest;
  const comma = rest.indexOf(",");
  return comma === -1 ? "" : rest.slice(comma + 1);
}

/** Padded or not, and without bits that belong to no byte. */
function isBase64(text) {
  const bare = text.replace(/={1,2}$/, "");
  const isPadded = text === bare || text.length % 4 === 0;
  return isPadded && Buffer.from(bare, "base64").toString("base64").replace(/=+$/, "") === bare;
}

function brief(said) {
  try {
    return inspect(said, {
      depth: 6,
      maxStringLength: 300,
      maxArrayLength: 30,
      compact: true,
      breakLength: Number.POSITIVE_INFINITY,
    });
  } catch {
    return "what is too deep to be shown";
  }
}

const difference = (what, our, their) => ({ difference: `${brief(what)}: ours ${brief(our)}, theirs ${brief(their)}` });

/** `{taken}`, `{refused}`, `{stricter: rules}` or `{difference}`. */
export function judgePacket(text, our) {
  const their = theirPacket(text);
  if (our.refused === undefined) {
    const isSame = their.refused === undefined && isSamePacket(our, their);
    return isSame ? { taken: true } : difference(text, our, their);
  }
  if (their.refused !== undefined) return { refused: true };
  const rules = Object.keys(STRICTER).filter((rule) => STRICTER[rule]({ text, our, their }));
  return rules.length > 0 ? { stricter: rules } : difference(text, our, their);
}

/** The same of a polling payload. Ours ends it where base64 is none; the other one reads what it can. */
export function judgePayload(text, our) {
  const their = theirPayload(text);
  if (isDeepStrictEqual(our, their)) return { taken: true };
  const last = our.length - 1;
  const packet = text.split("\u001e")[last];
  const isStricter =
    our[last]?.type === "error" &&
    packet.startsWith("b") &&
    !isBase64(packet.slice(1)) &&
    isDeepStrictEqual(our.slice(0, last), their.slice(0, last));
  return isStricter ? { stricter: [BASE64] } : difference(text, our, their);
}

/** The same of what a `client` or a server reads of a WebSocket. */
export function judgeFrames(bytes, our, isServer) {
  const their = theirFrames(bytes, isServer);
  const isStart = isDeepStrictEqual(our.events, their.events.slice(0, our.events.length));
  if (our.refused !== undefined && isStart) {
    const rules = Object.keys(STRICTER_FRAMES).filter((rule) => STRICTER_FRAMES[rule]({ our, their }));
    if (rules.length > 0) return { stricter: rules };
    if (our.events.length === their.events.length && isRefusedByBoth(our, their)) return takenUpTo(our);
  }
  return isDeepStrictEqual([our.events, our.code], [their.events, their.code])
    ? takenUpTo(our)
    : difference(bytes.toString("hex"), our, their);
}

/** Every case ends in bytes that are no frames; something was taken if it came before them. */
const takenUpTo = ({ events }) => (events.length > 0 ? { taken: true } : { refused: true });

/**
 * What is wrong already is refused at once by ours, and with its message's end by the other one. Of a close frame with a bad
 * code and a bad reason, each names another first.
 */
function isRefusedByBoth(our, their) {
  return their.code === undefined
    ? their.isUnfinished
    : their.code === our.code || (our.code === 1007 && their.code === 1002);
}

function judged(kind, bytes, our) {
  if (kind === "s") return judgePacket(bytes.toString("utf8"), our);
  if (kind === "e") return judgePayload(bytes.toString("utf8"), our);
  return judgeFrames(bytes, our, kind === "w");
}

/** Exactly so many bytes of the input, or null at its end. */
function read(count) {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count; ) {
    const got = readSync(0, bytes, at, count - at, null);
    if (got === 0) return null;
    at += got;
  }
  return bytes;
}

function answerAll() {
  for (let head = read(9); head !== null; head = read(9)) {
    const bytes = read(head.readUInt32LE(1));
    const our = JSON.parse(read(head.readUInt32LE(5)).toString("utf8"));
    const words = Buffer.from(judged(String.fromCharCode(head[0]), bytes, our).difference ?? "");
    const length = Buffer.alloc(4);
    length.writeUInt32LE(words.length);
    writeSync(1, Buffer.concat([length, words]));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) answerAll();
