/**
 * A client under chaos, of whatever language: it follows one topic over a bad line and pushes to it until every push is acked.
 * Stock clients of JavaScript are such guests through `StockGuest`; programs in other languages through `ProgramGuest`, by
 * lines on their standard input and output.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Signal, within } from "./deadline.mjs";
import { Ear } from "./ear.mjs";
import { RESUMING_MINORS, SOON_TIRED } from "./stock-clients.mjs";

/** A stock client; one that does not resume by itself is handed its cursor by its page, as docs/protocol.md says. */
export class StockGuest {
  #ear;

  constructor(t, { version, transports, url, token, topic }) {
    const auth = RESUMING_MINORS.includes(version)
      ? { token, topics: [topic] }
      : (answer) => answer({ token, topics: [topic], ...(this.#ear?.cursor ? { cursor: this.#ear.cursor } : {}) });
    this.#ear = Ear.open(t, version, url, { ...SOON_TIRED, transports, auth });
  }

  /** The cursor that following began with. */
  async start() {
    return (await this.#ear.nth("connected", 1))[1];
  }

  /** Pushes until it is acked, over however many connections; the receipt. */
  async push(change) {
    for (;;) {
      await this.#ear.until(() => this.#ear.socket.connected, "a connection", 60_000);
      const answer = await this.#ear.pushUnlessCut(change);
      if (answer !== null) return answer;
    }
  }

  untilUpdates(count, patienceMs) {
    return this.#ear.untilUpdates(count, null, patienceMs);
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
 * line for each thing that it hears: `{event: "connected", resumed, cursor}`, `{event: "sync_update", update}`,
 * `{event: "reset"}`, `{event: "disconnect"}`, and `{event: "pushed", key, answer}` once a push was acked.
 */
export class ProgramGuest {
  #signal = new Signal();
  #heard = [];
  #child;
  #said = "";
  #gone;

  constructor(t, command, args, { url, token, topic, transports }) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stderr.on("data", (bytes) => {
      this.#said = (this.#said + bytes).slice(-4_000);
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#heard.push(JSON.parse(line));
      this.#signal.wake();
    });
    this.#child.stdin.on("error", () => {});
    this.#tell({ url, token, topic, transports });
    t.after(() => this.end());
  }

  #tell(line) {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  #all(event) {
    return this.#heard.filter((heard) => heard.event === event);
  }

  #until(look, what, patienceMs) {
    return this.#signal.until(look, () => `${what}; heard so far: ${this.story()}`, patienceMs);
  }

  async start() {
    return (await this.#until(() => this.#all("connected")[0], "connected")).cursor;
  }

  async push(change) {
    this.#tell(change);
    const acked = () => this.#all("pushed").find(({ key }) => key === change.key);
    return (await this.#until(acked, `the ack of ${change.key}`, 90_000)).answer;
  }

  untilUpdates(count, patienceMs) {
    return this.#until(
      () => this.updates().length >= count,
      () => `${count} changes`,
      patienceMs,
    );
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

  greetings() {
    return this.#all("connected");
  }

  story() {
    const count = (event) => `${this.#all(event).length} ${event}`;
    return `${["connected", "sync_update", "disconnect", "reset", "pushed"].map(count).join(", ")}; it said: ${this.#said}`;
  }

  async end() {
    this.#child.stdin.end();
    this.#child.kill("SIGKILL");
    await within(this.#gone, "the program to end");
  }
}
