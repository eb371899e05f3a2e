/** What somebody received against what there is, change by change: says what is missing, doubled or misplaced. */
import assert from "node:assert/strict";

/** One change in a word: topic, place in the topic, action and data. */
export function name({ type, seq, action, data }) {
  return `${type}#${seq} ${action} ${JSON.stringify(data)}`;
}

/** `received` is exactly `expected`: each change once, in order, whole. Both are lists of changes. */
export function sameChanges(received, expected, who = "this follower") {
  const got = received.map(name);
  const wanted = expected.map(name);
  if (got.length === wanted.length && got.every((one, index) => one === wanted[index])) return;
  const known = new Set(wanted);
  const seen = new Set();
  const doubled = got.filter((one) => seen.size === seen.add(one).size);
  const missing = wanted.filter((one) => !seen.has(one));
  const foreign = got.filter((one) => !known.has(one));
  const at = got.findIndex((one, index) => one !== wanted[index]);
  const first = at === -1 ? got.length : at;
  assert.fail(
    `${who} received ${got.length} changes of ${wanted.length}: ${missing.length} missing ${list(missing)}, ` +
      `${doubled.length} doubled ${list(doubled)}, ${foreign.length} unknown ${list(foreign)}; ` +
      `first difference at ${first}: ${got[first]} instead of ${wanted[first]}`,
  );
}

/** Seqs count 1, 2, 3, … in every topic, from the first one on. */
export function withoutHoles(changes) {
  const last = new Map();
  for (const { type, seq } of changes) {
    if (last.has(type)) assert.equal(seq, last.get(type) + 1, `a hole in ${type}`);
    last.set(type, seq);
  }
}

/** Every packet that a client decoded keeps the rule by which stock clients resume: see DESIGN, "Resume". */
export function offsetsAreCursors(packets) {
  for (const { type, id, data } of packets) {
    assert.notEqual(type, 1, "a DISCONNECT packet stops stock clients from coming back");
    if (type !== 2) continue;
    assert.equal(id, undefined, `${data[0]} asks for an ack, so it would not move the offset`);
    const last = data.at(-1);
    if (typeof last === "string")
      assert.match(last, /^[A-Za-z0-9_-]{1,64}$/, `${data[0]} ends in a string, not a cursor`);
  }
}

function list(names) {
  const shown = names.slice(0, 3).join("; ");
  return names.length === 0 ? "" : `(${shown}${names.length > 3 ? "; …" : ""})`;
}
