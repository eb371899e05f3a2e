/** The judge of parsers must itself find what it is there for: differences that are planted here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeFrames, judgePacket, judgePayload } from "../harness/judge.mjs";

const EVENT = { type: 2, nsp: "/", id: null, attachments: 0, data: '["a"]' };

/** A masked text frame that says "a", and the fourteen zero bytes that every case ends in. */
const TEXT = Buffer.from(`81810000000061${"00".repeat(14)}`, "hex");

/** What both make of it: the zero bytes behind it are a frame without a mask. */
const TEXT_READ = { events: [{ text: "a" }], refused: "frame masked the wrong way", code: 1002 };

test("what both decoders take and read the same is taken", () => {
  assert.deepEqual(judgePacket('2["a"]', EVENT), { taken: true });
  assert.deepEqual(judgePayload("4a", [{ type: "message", data: "a" }]), { taken: true });
  assert.equal(judgeFrames(TEXT, TEXT_READ, true).difference, undefined);
});

test("what ours refuses without a rule is a difference", () => {
  assert.ok(judgePacket('2["a"]', { refused: "bad payload" }).difference);
  assert.ok(judgePayload("4a", [{ type: "error" }]).difference);
  assert.ok(judgeFrames(TEXT, { ...TEXT_READ, events: [] }, true).difference);
});

test("what ours takes and theirs refuses is a difference", () => {
  assert.ok(judgePacket("2{}", { ...EVENT, data: "[{}]" }).difference);
  assert.ok(judgePayload("x", [{ type: "message", data: "x" }]).difference);
  assert.ok(judgeFrames(TEXT, { events: [{ text: "a" }] }, true).difference);
});

test("what both take and read differently is a difference", () => {
  assert.ok(judgePacket('2["a"]', { ...EVENT, data: '["b"]' }).difference);
  assert.ok(judgePacket('23["a"]', { ...EVENT, id: 4 }).difference);
  assert.ok(judgePayload("4a", [{ type: "message", data: "b" }]).difference);
  assert.ok(judgeFrames(TEXT, { ...TEXT_READ, events: [{ text: "b" }] }, true).difference);
});

test("what ours refuses by a rule is named by that rule", () => {
  assert.deepEqual(judgePacket("4{}", { refused: "unknown kind" }), { stricter: ["CONNECT_ERROR from a client"] });
  assert.deepEqual(judgePayload("bAQ==x", [{ type: "error" }]), { stricter: ["base64 that is not base64"] });
});
