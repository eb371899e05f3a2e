/**
 * An ear on one stock socket: all that its page would hear, in order, and beside it what went over the wire that a page
 * does not see (the packets' types and ack ids, the CONNECT that was sent). Tests wait on it and judge it afterwards.
 */
import { Signal } from "./deadline.mjs";
import { EAGER, MINORS } from "./stock-clients.mjs";

export class Ear {
  #signal = new Signal();
  #witness;
  /** `{name, args}` of every event, the client's own (`connect`, `disconnect`, `connect_error`) among them. */
  heard = [];
  /** Packets as the client decoded them, `{type, id, data}`. */
  packets = [];
  /** The auth of every CONNECT that was sent. */
  connectsSent = [];

  /**
   * Opens a socket of this client version that ends with the test. `options` are the client's own; a `witness` is told the
   * events that it has methods for, and `connecting` with the cursor that is sent.
   */
  static open(t, version, url, options = {}, witness = {}) {
    const socket = MINORS[version](url, { forceNew: true, ...EAGER, ...options, autoConnect: false });
    const ear = new Ear(socket, witness);
    t.after(() => socket.disconnect());
    socket.connect();
    return ear;
  }

  constructor(socket, witness = {}) {
    this.socket = socket;
    this.#witness = witness;
    // Before the socket itself listens for the manager's `open`, where it sends its CONNECT.
    socket.io.on("open", () => {
      socket.io.engine.on("packetCreate", (packet) => this.#noteSent(packet));
      socket.io.engine.on("upgrade", () => this.#signal.wake());
    });
    socket.io.on("packet", ({ type, id, data }) => this.packets.push({ type, id, data }));
    socket.on("connect", () => this.#note("connect", [{ recovered: socket.recovered, id: socket.id }]));
    socket.on("disconnect", (reason) => this.#note("disconnect", [reason]));
    socket.on("connect_error", (error) => this.#note("connect_error", [{ message: error.message, data: error.data }]));
    socket.onAny((name, ...args) => this.#note(name, args));
  }

  #note(name, args) {
    this.heard.push({ name, args, at: performance.now() });
    this.#witness[name]?.(...args);
    this.#signal.wake();
  }

  #noteSent({ type, data }) {
    const connect = type === "message" && typeof data === "string" ? /^0(?:\/[^,]*,)?(\{.*\})?$/s.exec(data) : null;
    if (!connect) return;
    const auth = JSON.parse(connect[1] ?? "{}");
    this.connectsSent.push(auth);
    // A `pid` alone stands for a beginning that was never heard of: no cursor was brought.
    this.#witness.connecting?.(auth.offset ?? (auth.pid === undefined ? auth.cursor : undefined));
  }

  /** The arguments of every event of this name. */
  all(name) {
    return this.heard.filter((event) => event.name === name).map((event) => event.args);
  }

  /** The changes that arrived, of one topic or of all. */
  updates(topic = null) {
    const updates = this.all("sync_update").map(([update]) => update);
    return topic === null ? updates : updates.filter((update) => update.type === topic);
  }

  /** The cursor that a page would keep: the last string argument of all events. */
  get cursor() {
    return lastCursor(this.heard);
  }

  /** The cursor that it had before its `count`-th `connected`. */
  cursorBefore(count) {
    const greetings = this.heard.filter(({ name }) => name === "connected");
    return lastCursor(this.heard.slice(0, this.heard.indexOf(greetings[count - 1])));
  }

  /** The arguments of the `count`-th event of this name, waiting for it. */
  nth(name, count) {
    return this.until(() => this.all(name)[count - 1], `the event ${name}, number ${count}`);
  }

  /** Whether the server it was first greeted by is gone: it lost its line, or could not open it. */
  sawGoodbye() {
    return this.heard.some(({ name }) => name === "disconnect" || name === "connect_error");
  }

  /** Those who wait look again: something that no event tells has changed. */
  wake() {
    this.#signal.wake();
  }

  until(look, what, patienceMs) {
    const story = () => `${what}; heard so far: ${this.story()}`;
    return this.#signal.until(look, story, patienceMs);
  }

  /** Waits until so many changes arrived (of one topic, if named) and returns them. */
  untilUpdates(count, topic = null, patienceMs) {
    const enough = () => this.updates(topic).length >= count && this.updates(topic);
    return this.until(enough, () => `${count} changes (${this.updates(topic).length} came)`, patienceMs);
  }

  /** What was heard, briefly: runs of changes as their count. */
  story() {
    const words = [];
    for (const { name, args } of this.heard) {
      const word = name === "sync_update" ? "sync_update" : `${name} ${JSON.stringify(args).slice(0, 160)}`;
      if (words.at(-1)?.word === word) words.at(-1).count += 1;
      else words.push({ word, count: 1 });
    }
    return words.map(({ word, count }) => (count > 1 ? `${count}× ${word}` : word)).join(", ") || "nothing";
  }

  /** `push` with its ack. */
  push(change, patienceMs = 15_000) {
    return this.ask("push", change, patienceMs);
  }

  /** `push` with its ack, or null when the line was lost before it came. */
  pushUnlessCut(change) {
    return new Promise((resolve) => {
      const lost = () => resolve(null);
      this.socket.once("disconnect", lost);
      this.socket.emit("push", change, (answer) => {
        this.socket.off("disconnect", lost);
        resolve(answer);
      });
    });
  }

  /** Adds items `{id, text}`, many at once, and resolves when each was acked as a new one. */
  async addAll(type, ids, atOnce = 500) {
    for (let from = 0; from < ids.length; from += atOnce) {
      const added = ids.slice(from, from + atOnce).map(async (id) => {
        const answer = await this.push({
          type,
          action: "add",
          data: { id, text: `text of ${id}` },
          key: `${type} ${id}`,
        });
        if (answer.success !== true) throw new Error(`the push of ${id} was answered ${JSON.stringify(answer)}`);
      });
      await Promise.all(added);
    }
  }

  /** An event with ack; works in the oldest client too, which has no `timeout()`. */
  ask(event, body, patienceMs = 15_000) {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`no ack for ${event}; ${this.story()}`)), patienceMs);
      this.socket.emit(event, body, (answer) => {
        clearTimeout(deadline);
        resolve(answer);
      });
    });
  }

  /** Cuts the line as a network does: the engine closes, the socket reconnects by itself. */
  cut() {
    this.socket.io.engine.close();
  }
}

function lastCursor(events) {
  const fromServer = events.filter(({ name }) => name !== "disconnect" && name !== "connect_error");
  return fromServer.map(({ args }) => args.at(-1)).findLast((last) => typeof last === "string") ?? null;
}
