/**
 * The same packets to our decoders and to the official JavaScript parsers. Whatever both take means the same; ours takes
 * nothing that theirs refuses; where ours is stricter, a rule says so, and docs/compatibility.md has that rule.
 *
 * More cases: `PARSER_CASES=1000000 node --test test/parsers.test.mjs`; the same again: `CHAOS_SEED=…`. The fuzzer asks the
 * same, see docs/fuzzing.md.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Random, seed } from "../harness/chaos.mjs";
import { BASE64, judgeFrames, judgePacket, judgePayload, STRICTER, STRICTER_FRAMES } from "../harness/judge.mjs";
import { cases, frameCases, ours, seedsOf } from "../harness/parsers.mjs";

const CASES = Number(process.env.PARSER_CASES ?? 10_000);

test("every rule by which our decoder is stricter is documented", () => {
  const documented = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8");
  const rules = [...Object.keys(STRICTER), BASE64, ...Object.keys(STRICTER_FRAMES)];
  for (const rule of rules) assert.ok(documented.includes(`| ${rule} |`), rule);
});

/** Judges every case; says which rules were met, and that enough of the cases were taken by both. */
async function check(t, kind, casesOf, judge) {
  const first = seed();
  t.diagnostic(`CHAOS_SEED=${first}`);
  const met = {};
  let taken = 0;
  for await (const [what, our] of ours(kind, casesOf(new Random(first)))) {
    const verdict = judge(what, our);
    assert.equal(verdict.difference, undefined);
    for (const rule of verdict.stricter ?? []) met[rule] = (met[rule] ?? 0) + 1;
    if (verdict.taken) taken += 1;
  }
  t.diagnostic(`${taken} taken by both; refused by ours only: ${JSON.stringify(met)}`);
  assert.ok(taken > CASES / 20, "too few cases were taken");
}

test(`${CASES} Socket.IO packets: both decoders say the same, or ours is stricter by a rule`, (t) =>
  check(t, "s", (random) => cases(random, seedsOf("socketio_packet"), CASES), judgePacket));

test(`${CASES} Engine.IO payloads: both decoders say the same, or ours is stricter about base64`, (t) =>
  check(t, "e", (random) => cases(random, seedsOf("engineio_payload"), CASES), judgePayload));

for (const [kind, who] of [
  ["w", "server"],
  ["c", "client"],
]) {
  test(`${CASES} WebSockets read by a ${who}: both decoders say the same, or ours is stricter by a rule`, (t) =>
    check(
      t,
      kind,
      (random) => frameCases(random, CASES, kind),
      (bytes, our) => judgeFrames(bytes, our, kind === "w"),
    ));
}
