/**
 * The record of a run in the words of docs/proof.md, and the judge over it: guests and pushers write down what they ask and
 * are told, the journal in the end is added, and `history check` finds whatever must never be.
 *
 * The API does not tell an entry's key: it is taken to be the one under which the entry's item was asked for, so every item
 * of a run is asked for under one key.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** Anomalies that a failure quotes. */
const QUOTED = 12;

export class Record {
  #events = [{ event: "started", head: 0 }];
  #user;
  #role;
  /** The number of each wish, by topic and key. */
  #wishes = new Map();
  /** The key under which an item was asked for, by topic and item. */
  #keys = new Map();

  /** A record of one person's clients on a server that was empty. */
  constructor(token) {
    const { sub, role } = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString("utf8"));
    this.#user = sub;
    this.#role = role;
  }

  /** Somebody is about to ask for a change, for the first time or again. */
  push(change) {
    const { type: topic, key } = change;
    const said = { ...words(change), author: this.#user };
    if (!this.#wishes.has(`${topic} ${key}`)) this.#wishes.set(`${topic} ${key}`, this.#wishes.size + 1);
    this.#keys.set(`${topic} ${said.item}`, key);
    this.#note({ event: "push", push: this.#wishes.get(`${topic} ${key}`), ...said, key });
  }

  /** The answer came; anything but a receipt is a failure. */
  answer({ type: topic, key }, answer) {
    assert.equal(answer.success, true, JSON.stringify(answer));
    const { position, seq, duplicate, changed } = answer;
    const push = this.#wishes.get(`${topic} ${key}`);
    this.#note({ event: "ack", push, position, seq, cursor: positionIn(answer.cursor), duplicate, changed });
  }

  /** Takes what a follower sees; it has the name of the one topic that it follows. Named as the events are. */
  follower(topic) {
    const reader = { user: this.#user, role: this.#role };
    const note = (event, cursor, more) => this.#note({ event, follower: topic, cursor: positionIn(cursor), ...more });
    let hasAsked = false;
    let isIn = false;
    return {
      isIn: () => isIn,
      connecting: (cursor) => {
        hasAsked = true;
        isIn = false;
        note("connect", cursor, { reader, topics: [topic] });
      },
      connected: ({ resumed }, cursor) => {
        isIn = true;
        note("connected", cursor, { resumed });
      },
      sync_update: (update, cursor) => {
        const { seq, timestamp: time_ms, author } = update;
        note("told", null, { position: positionIn(cursor), seq, time_ms, ...words(update), author });
      },
      mark: (cursor) => note("mark", cursor),
      reset: ({ reason }, cursor) => note("reset", cursor, { reason }),
      disconnect: () => {
        // Who was cut before it had asked to follow is nobody's follower yet.
        if (hasAsked) note("disconnected");
        isIn = false;
      },
      /** It was told all that it will be told, up to this position. Only who is in has been told. */
      settled: (head) => note("settled", null, { head }),
    };
  }

  /** Adds the journal as the server has it, and judges: how many events there were, or a failure with what is wrong. */
  async judge(api) {
    for (const [index, change] of (await api.history()).entries()) {
      const said = words(change);
      const key = this.#keys.get(`${change.type} ${said.item}`);
      const { seq, timestamp: time_ms, author } = change;
      // The whole journal was read, and positions have no holes.
      this.#note({ event: "entry", position: index + 1, seq, time_ms, ...said, author, key });
    }
    const file = join(tmpdir(), `tidings-record-${process.pid}-${Math.random().toString(36).slice(2)}.jsonl`);
    writeFileSync(file, this.#events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    await judged(file);
    rmSync(file);
    return this.#events.length;
  }

  /** Members without a value are left out. */
  #note(event) {
    this.#events.push(Object.fromEntries(Object.entries(event).filter(([, value]) => value != null)));
  }
}

/** Passes when the judge finds nothing; a record that it objects to is kept. */
async function judged(file) {
  const judge = resolve(ROOT, process.env.HISTORY_BIN ?? "target/release/history");
  try {
    await run(judge, ["check", file]);
  } catch (error) {
    if (error.code === "ENOENT")
      throw new Error(`${judge} is not there. Build it with: cargo build --release -p history`);
    const said = `${error.stdout}${error.stderr}`.split("\n");
    assert.fail(`the judge about ${file}: ${said.slice(0, QUOTED).join("; ")} … ${said.at(-2)}`);
  }
}

/** What is asked for or told, without its author. */
function words({ type: topic, action, data }) {
  const item = data?.id === undefined ? undefined : JSON.stringify(data.id);
  return { topic, action, item, data: data === null ? undefined : digest(JSON.stringify(data)) };
}

/** FNV-1a, 64 bits. */
function digest(json) {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of Buffer.from(json)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x0000_0100_0000_01b3n);
  return hash.toString(16).padStart(16, "0");
}

/** The position in a cursor, or nothing. */
function positionIn(cursor) {
  return cursor == null ? undefined : Number(Buffer.from(cursor, "base64url").readBigUInt64BE(1));
}
