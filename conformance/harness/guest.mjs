/**
 * A client under chaos, of whatever language: it follows one topic over a bad line and pushes to it until every push is acked.
 * Stock clients of JavaScript are such guests through `StockGuest`; programs in other languages through `ProgramGuest`, by
 * lines on their standard input and output.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { PATIENCE_OF_GUESTS_MS, Signal, within } from "./deadline.mjs";
import { Ear } from "./ear.mjs";
import { RESUMING_MINORS, SOON_TIRED } from "./stock-clients.mjs";

/** A stock client; one that does not resume by itself is handed its cursor by its page, as docs/protocol.md says. */
export class StockGuest {
  #ear;
  #record;
  #witness;

  constructor(t, { version, transports, url, token, topic, record }) {
    this.#record = record;
    this.#witness = record.follower(topic);
    const auth = RESUMING_MINORS.includes(version)
      ? { token, topics: [topic] }
      : (answer) => answer({ token, topics: [topic], ...(this.#ear?.cursor ? { cursor: this.#ear.cursor } : {}) });
    this.#ear = Ear.open(t, version, url, { ...SOON_TIRED, transports, auth }, this.#witness);
  }

  /** The cursor that following began with. */
  async start() {
    const connected = () => this.#ear.all("connected")[0];
    return (await this.#ear.until(connected, "the event connected", PATIENCE_OF_GUESTS_MS))[1];
  }

  /** Pushes until it is acked, over however many connections; the receipt. */
  async push(change) {
    for (;;) {
      await this.#ear.until(() => this.#ear.socket.connected, "a connection", PATIENCE_OF_GUESTS_MS);
      this.#record.push(change);
      const answer = await this.#ear.pushUnlessCut(change);
      if (answer !== null) return answer;
    }
  }

  /** Until it has been told the topic's entry with this number; those before it are told before it, or never. */
  untilTold(seq, patienceMs) {
    return this.#ear.until(() => this.updates().some((update) => update.seq === seq), `the entry ${seq}`, patienceMs);
  }

  /** Notes that it has been told all up to here, once it is in. */
  async settle(position, patienceMs) {
    await this.#ear.until(() => this.#witness.isIn(), "a connection", patienceMs);
    this.#witness.settled(position);
  }

  updates() {
    return this.#ear.updates();
  }

  /** What must never have been said: that something was missed. */
  resets() {
    const began = this.#ear.all("connected").slice(1);
    return [...this.#ear.all("reset"), ...began.filter(([{ resumed }]) => !resumed)];
  }

  connections() {
    return this.#ear.all("connected").length;
  }

  story() {
    return this.#ear.story();
  }

  end() {
    this.#ear.socket.disconnect();
  }
}

/**
 * A program that is given one line of JSON, `{url, token, topic, transports}`, then a line for each push; it answers with a
 * line for each thing that it sees: `{event: "connecting", cursor}` before it connects, `{event: "connected", resumed,
 * cursor}`, `{event: "sync_update", update, cursor}`, `{event: "mark", cursor}`, `{event: "reset", reason, cursor}`,
 * `{event: "disconnect"}`; `{event: "pushing", key}` before each sending, and `{event: "pushed", key, answer}` once it was
 * acked.
 */
export class ProgramGuest {
  #signal = new Signal();
  #heard = [];
  #child;
  #said = "";
  #gone;
  #record;
  #witness;
  /** Pushes that were asked for, by key. */
  #wishes = new Map();

  constructor(t, [command, ...args], { url, token, topic, transports, record }) {
    this.#record = record;
    this.#witness = record.follower(topic);
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#gone = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.on("error", (error) => {
      this.#said += error;
    });
    this.#child.stderr.on("data", (bytes) => {
      this.#said = (this.#said + bytes).slice(-4_000);
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#hear(JSON.parse(line)));
    this.#child.stdin.on("error", () => {});
    this.#tell({ url, token, topic, transports });
    t.after(() => this.end());
  }

  #tell(line) {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  #hear(line) {
    const { event, cursor, update, key } = line;
    this.#heard.push(line);
    if (event === "pushing") this.#askedAgain(key);
    else if (event === "connecting") this.#witness.connecting(cursor);
    else if (event === "sync_update") this.#witness.sync_update(update, cursor);
    else if (event === "mark") this.#witness.mark(cursor);
    else this.#witness[event]?.(line, cursor);
    this.#signal.wake();
  }

  /** The first time was written down before the program was told: somebody else may have seen the entry by now. */
  #askedAgain(key) {
    const { change, times } = this.#wishes.get(key);
    if (times > 0) this.#record.push(change);
    this.#wishes.set(key, { change, times: times + 1 });
  }

  #all(event) {
    return this.#heard.filter((heard) => heard.event === event);
  }

  #until(look, what, patienceMs) {
    return this.#signal.until(look, () => `${what}; heard so far: ${this.story()}`, patienceMs);
  }

  async start() {
    return (await this.#until(() => this.#all("connected")[0], "connected", PATIENCE_OF_GUESTS_MS)).cursor;
  }

  async push(change) {
    this.#wishes.set(change.key, { change, times: 0 });
    this.#record.push(change);
    this.#tell(change);
    const acked = () => this.#all("pushed").find(({ key }) => key === change.key);
    return (await this.#until(acked, `the ack of ${change.key}`, PATIENCE_OF_GUESTS_MS)).answer;
  }

  untilTold(seq, patienceMs) {
    return this.#until(() => this.updates().some((update) => update.seq === seq), `the entry ${seq}`, patienceMs);
  }

  async settle(position, patienceMs) {
    await this.#until(() => this.#witness.isIn(), "a connection", patienceMs);
    this.#witness.settled(position);
  }

  updates() {
    return this.#all("sync_update").map(({ update }) => update);
  }

  resets() {
    return [
      ...this.#all("reset"),
      ...this.#all("connected")
        .slice(1)
        .filter(({ resumed }) => !resumed),
    ];
  }

  connections() {
    return this.#all("connected").length;
  }

  story() {
    const count = (event) => `${this.#all(event).length} ${event}`;
    return `${["connecting", "connected", "sync_update", "disconnect", "reset", "pushed"].map(count).join(", ")}; it said: ${this.#said}`;
  }

  async end() {
    this.#child.stdin.end();
    this.#child.kill("SIGKILL");
    await within(this.#gone, "the program to end");
  }
}
