/**
 * The same packets to our decoders and to the official JavaScript parsers. Whatever both take means the same; ours takes
 * nothing that theirs refuses; where ours is stricter, a rule says so, and docs/compatibility.md has that rule.
 *
 * More cases: `PARSER_CASES=1000000 node --test test/parsers.test.mjs`; the same again: `CHAOS_SEED=…`.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect, isDeepStrictEqual } from "node:util";
import { Random, seed } from "../harness/chaos.mjs";
import { cases, isSamePacket, ours, seedsOf, theirPacket, theirPayload } from "../harness/parsers.mjs";

const CASES = Number(process.env.PARSER_CASES ?? 10_000);

/** The count of attachments that a binary packet begins with. */
const COUNT = /^[56]([^-]*)-/;

/** What ours refuses and theirs takes: why, and when. */
const STRICTER = {
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
    return inspect(said, { depth: 6, maxStringLength: 300, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    return "what is too deep to be shown";
  }
}

test("every rule by which our decoder is stricter is documented", () => {
  const documented = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8");
  for (const rule of [...Object.keys(STRICTER), BASE64]) assert.ok(documented.includes(`| ${rule} |`), rule);
});

test(`${CASES} Socket.IO packets: both decoders say the same, or ours is stricter by a rule`, async (t) => {
  const first = seed();
  t.diagnostic(`CHAOS_SEED=${first}`);
  const met = Object.fromEntries(Object.keys(STRICTER).map((rule) => [rule, 0]));
  let taken = 0;
  for await (const [text, our] of ours("s", cases(new Random(first), seedsOf("socketio_packet"), CASES))) {
    const their = theirPacket(text);
    const said = () => `${brief(text)}: ours ${brief(our)}, theirs ${brief(their)}`;
    if (our.refused === undefined) {
      taken += 1;
      assert.ok(their.refused === undefined && isSamePacket(our, their), said());
    } else if (their.refused === undefined) {
      const rules = Object.keys(STRICTER).filter((rule) => STRICTER[rule]({ text, our, their }));
      assert.ok(rules.length > 0, said());
      for (const rule of rules) met[rule] += 1;
    }
  }
  t.diagnostic(`${taken} taken by both; refused by ours only: ${JSON.stringify(met)}`);
  assert.ok(taken > CASES / 20, "too few cases were packets");
});

const BASE64 = "base64 that is not base64";

test(`${CASES} Engine.IO payloads: both decoders say the same, or ours is stricter about base64`, async (t) => {
  const first = seed();
  t.diagnostic(`CHAOS_SEED=${first}`);
  let taken = 0;
  for await (const [text, our] of ours("e", cases(new Random(first), seedsOf("engineio_payload"), CASES))) {
    const their = theirPayload(text);
    if (isDeepStrictEqual(our, their)) {
      taken += 1;
      continue;
    }
    // Ours ends the payload where base64 is none; the other one reads what it can.
    const last = our.length - 1;
    const packet = text.split("\u001e")[last];
    const isStricter =
      our[last]?.type === "error" &&
      packet.startsWith("b") &&
      !isBase64(packet.slice(1)) &&
      isDeepStrictEqual(our.slice(0, last), their.slice(0, last));
    assert.ok(isStricter, `${brief(text)}: ours ${brief(our)}, theirs ${brief(their)}`);
  }
  assert.ok(taken > CASES / 20, "too few cases were payloads");
});
