/**
 * Our decoders beside the official JavaScript parsers: the same bytes to both, and what they say compared. Cases are the
 * fuzzer's seeds and what a seeded generator makes of them.
 */
import { spawn } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { decodePayload } from "engine.io-parser";
import { Decoder } from "socket.io-parser";
import { Receiver } from "ws";
import { binary } from "./server.mjs";

const SEEDS = fileURLToPath(new URL("../../fuzz/seeds", import.meta.url));

/** Pieces that packets are made of, for the generator to put anywhere. */
const PIECES = [
  ..."0123456789-/,[]{}\"' b=é\n\u001e",
  "51-",
  "62-",
  "510-",
  "511-",
  "/ns,",
  "12",
  "9007199254740991",
  "9007199254740992",
  "-0",
  "1e0",
  "0x1",
  '["a"]',
  '["a",1]',
  "[]",
  "{}",
  "null",
  '{"a":1}',
  '"__proto__"',
  '["connect"]',
  "[1]",
  '["\\ud800"]',
  "1e999",
  '{"_placeholder":true,"num":0}',
  '{"_placeholder":true,"num":1}',
  '{"_placeholder":false}',
  "bAQID",
  "bAQ==",
  "4",
  "2probe",
];

/** Packets that the seeds are far from. */
const MORE = [
  `2["${"x".repeat(129)}"]`,
  `2/${"x".repeat(129)},["a"]`,
  '2["\\ud800",1]',
  '2 ["a"]',
  '0 {"a":1}',
  '51e0-["a"]',
  "2[1]",
];

/**
 * The seeds of a fuzz target, and more, as text: those that somebody wrote, and those that the fuzzer found. Most of what it
 * finds is broken already, so changing it makes few packets that anybody would take.
 */
export function seedsOf(target) {
  const folder = join(SEEDS, target);
  const names = readdirSync(folder);
  const read = (name) => readFileSync(join(folder, name)).toString("utf8");
  const isFound = (name) => name.startsWith("found-");
  return {
    written: [...names.filter((name) => !isFound(name)).map(read), ...MORE],
    found: names.filter(isFound).map(read),
  };
}

/** So many cases: the seeds themselves first, then seeds that somebody wrote with a few changes each. */
export function* cases(random, { written, found }, count) {
  const seeds = [...written, ...found];
  yield* seeds.slice(0, count);
  for (let made = seeds.length; made < count; made += 1) {
    let text = random.pick(written).slice(0, 400);
    for (let changes = 1 + random.below(4); changes > 0; changes -= 1) text = changed(random, text, seeds);
    // What cannot be written in UTF-8 can reach neither of them.
    yield text.toWellFormed();
  }
}

function changed(random, text, seeds) {
  const at = random.below(text.length + 1);
  const [before, behind] = [text.slice(0, at), text.slice(at)];
  switch (random.below(6)) {
    case 0:
      return before + behind.slice(1);
    case 1:
      return before + behind.slice(1 + random.below(8));
    case 2:
      return before + String.fromCharCode(random.oneIn(8) ? random.below(65_536) : random.below(128)) + behind.slice(1);
    case 3:
      return before + random.pick(seeds).slice(random.below(8));
    default:
      return before + random.pick(PIECES) + behind;
  }
}

/** No header stays unfinished before these, so that whoever refuses it has done so. */
const NO_HEADER = Buffer.alloc(14);

/** So many cases of what a server (`w`) or a client (`c`) reads of a WebSocket: frames, whole or with some bytes changed. */
export function* frameCases(random, count, kind) {
  for (let made = 0; made < count; made += 1) {
    const frames = Array.from({ length: 1 + random.below(4) }, () =>
      frame(random, random.oneIn(50) !== (kind === "w")),
    );
    const bytes = Buffer.concat(frames);
    if (random.oneIn(3)) bytes[random.below(bytes.length)] = random.below(256);
    yield Buffer.concat([bytes, NO_HEADER]);
  }
}

function frame(random, isMasked) {
  const opcode = random.oneIn(20) ? random.below(16) : random.pick([0, 1, 1, 2, 8, 9, 10]);
  const isLast = opcode >= 8 || !random.oneIn(3);
  const payload = Buffer.alloc(random.oneIn(4) ? random.below(600) : random.below(130));
  for (let at = 0; at < payload.length; at += 1)
    payload[at] = random.below(opcode === 2 || random.oneIn(200) ? 256 : 128);
  if (opcode === 8 && payload.length >= 2) payload.writeUInt16BE(900 + random.below(200));
  const form =
    payload.length > 125 || random.oneIn(20) ? 126 + random.below(payload.length > 125 ? 1 : 2) : payload.length;
  const header = Buffer.from([opcode + (isLast ? 128 : 0), form + (isMasked ? 128 : 0)]);
  const length = Buffer.alloc(form === 127 ? 8 : form === 126 ? 2 : 0);
  if (length.length > 0) length.writeUInt16BE(payload.length, length.length - 2);
  if (!isMasked) return Buffer.concat([header, length, payload]);
  const key = Buffer.from([0, 1, 2, 3].map(() => random.below(256)));
  return Buffer.concat([header, length, key, payload.map((byte, at) => byte ^ key[at % 4])]);
}

/** What our decoders say of each case, in order. The letters of `kind` stand in `crates/wire/examples/verdict/verdicts.rs`. */
export async function* ours(kind, all) {
  const path = join(dirname(binary()), "examples", "verdict");
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`${path} is not there. Build it beside the binary: cargo build --release --example verdict`);
  }
  const child = spawn(path, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  try {
    for (const batch of batches(all, 2_000)) {
      child.stdin.write(Buffer.concat(batch.map((what) => framed(kind, what))));
      for (const what of batch) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`our decoder died of one of ${JSON.stringify(batch).slice(0, 2_000)}`);
        yield [what, JSON.parse(value)];
      }
    }
  } finally {
    child.kill("SIGKILL");
  }
}

function* batches(all, size) {
  let batch = [];
  for (const one of all) {
    batch.push(one);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  yield batch;
}

function framed(kind, what) {
  const bytes = Buffer.from(what);
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Attachments that are told apart. */
const ATTACHMENTS = Array.from({ length: 10 }, (_, index) => Buffer.from([index]));

/** What the official parser makes of a Socket.IO packet with as many attachments as it asks for: `{refused}` or the packet. */
export function theirPacket(text) {
  const decoder = new Decoder();
  let packet = null;
  decoder.on("decoded", (decoded) => {
    packet = decoded;
  });
  try {
    decoder.add(text);
    for (let index = 0; packet === null; index += 1) decoder.add(ATTACHMENTS[index]);
    return packet;
  } catch (error) {
    return { refused: error.message };
  }
}

/** Whether both took the packet and mean the same by it. */
export function isSamePacket(our, their) {
  return (
    our.type === their.type &&
    our.nsp === their.nsp &&
    our.id === (their.id ?? null) &&
    (our.data === null ? their.data === undefined : isSameData(our, their.data))
  );
}

/** Data that is nested so deep that it cannot be compared is taken for the same if its text is. */
function isSameData(our, theirs) {
  try {
    return isDeepStrictEqual(filled(JSON.parse(our.data), our.attachments), theirs);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return our.data.length > 2_000;
  }
}

/** Puts the attachments in place of their placeholders. */
function filled(value, attachments) {
  if (attachments === 0 || value === null || typeof value !== "object") return value;
  if (value._placeholder === true) return ATTACHMENTS[value.num];
  for (const key of Object.keys(value)) value[key] = filled(value[key], attachments);
  return value;
}

/** What the official parser makes of a polling payload, in the words of ours. */
export function theirPayload(text) {
  return decodePayload(text).map(({ type, data }) => {
    if (type === "error") return { type };
    if (Buffer.isBuffer(data)) return { type, bytes: [...data] };
    return { type, data: ["open", "ping", "pong", "message"].includes(type) ? (data ?? "") : null };
  });
}

/** The bounds of `crates/wire/examples/verdict/verdicts.rs`, and of `wire` itself. */
const RECEIVER = { maxPayload: 512, maxFragments: 1_024 };

/**
 * What the receiver of `ws` makes of a WebSocket's bytes: events, the code that it closes with if it refuses something, and
 * whether it waits for the rest of a message. It is asked as its stream would ask it, which would tell us only later.
 */
export function theirFrames(bytes, isServer) {
  const receiver = new Receiver({ ...RECEIVER, isServer });
  const events = [];
  receiver.on("message", (data, isBinary) => events.push(isBinary ? { binary: [...data] } : { text: data.toString() }));
  receiver.on("ping", (data) => events.push({ ping: [...data] }));
  receiver.on("pong", (data) => events.push({ pong: [...data] }));
  receiver.on("conclude", (close) => events.push({ close }));
  let code;
  receiver._write(Buffer.from(bytes), "buffer", (error) => {
    if (error) code = error[Object.getOwnPropertySymbols(error).find((symbol) => symbol.description === "status-code")];
  });
  return {
    events,
    code,
    isUnfinished: receiver._fragmented !== 0 || receiver._state !== 0 || receiver._bufferedBytes > 0,
  };
}
