/**
 * A network that fails on purpose: a TCP proxy before the server that cuts a connection at a byte, before or after a text
 * from the server, falls silent without closing, or lets nobody through. It changes no byte that it passes on. It never
 * calls `resetAndDestroy`: with Node 20 a process that did may spin for ever while it exits.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Signal } from "./deadline.mjs";

export class BadLine {
  #server;
  #port;
  #links = new Set();
  #signal = new Signal();
  /** Called with every new link, to say how it fails. */
  rule = () => {};
  /** Whether new connections are let through. */
  isOpen = true;
  /** Connections so far. */
  opened = 0;
  /** Connections that a rule has cut. */
  cuts = 0;
  /** Everything that the server sent, of all connections together, in the order of arrival. */
  fromServer = [];

  /** A line to this port that ends with the test. */
  static async start(t, port) {
    const line = new BadLine(port);
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    t.after(() => line.end());
    return line;
  }

  constructor(port) {
    this.#port = port;
    this.#server = createServer((client) => this.#accept(client));
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  #accept(client) {
    client.on("error", () => {});
    if (!this.isOpen) return client.destroy();
    this.opened += 1;
    const link = new Link(client, connect(this.#port, "127.0.0.1"), {
      seen: (bytes) => this.fromServer.push(bytes),
      cut: () => {
        this.cuts += 1;
        this.#signal.wake();
      },
      ended: () => this.#links.delete(link),
    });
    this.#links.add(link);
    this.rule(link, this.opened);
  }

  /** The cable is pulled: all connections end, and nobody gets through until `mend()`. */
  pull() {
    this.isOpen = false;
    for (const link of [...this.#links]) link.drop();
  }

  mend() {
    this.isOpen = true;
  }

  /** Bytes stop on all connections, which stay open: a machine that lost its power, a dropped NAT entry. */
  silence() {
    for (const link of this.#links) link.silence();
  }

  untilCuts(count) {
    return this.#signal.until(
      () => this.cuts >= count,
      () => `${count} cuts (${this.cuts} came)`,
    );
  }

  end() {
    for (const link of [...this.#links]) link.drop();
    this.#server.close();
  }
}

class Link {
  #client;
  #upstream;
  #tell;
  #passed = 0;
  /** The bytes that the latest chunks left at the end, for texts that lie across two chunks. */
  #kept = Buffer.alloc(0);
  #limit = Number.POSITIVE_INFINITY;
  #mark = null;
  #isOver = false;

  constructor(client, upstream, tell) {
    this.#client = client;
    this.#upstream = upstream;
    this.#tell = tell;
    upstream.on("error", () => this.drop());
    client.on("data", (bytes) => upstream.write(bytes));
    client.on("end", () => upstream.end());
    client.on("close", () => this.#end());
    upstream.on("data", (bytes) => this.#pass(bytes));
    upstream.on("end", () => client.end());
    upstream.on("close", () => client.destroySoon());
  }

  /** Cuts once so many bytes of the server have passed. */
  cutAt(bytes) {
    this.#limit = bytes;
  }

  /** Cuts so that the text is the first thing of the server that does not arrive. */
  cutBefore(text) {
    this.#mark = { bytes: Buffer.from(text), extra: 0 };
  }

  /** Cuts right after the text. */
  cutAfter(text) {
    this.#mark = { bytes: Buffer.from(text), extra: Buffer.byteLength(text) };
  }

  silence() {
    this.#client.removeAllListeners("data").pause();
    this.#upstream.removeAllListeners("data").pause();
  }

  drop() {
    if (this.#isOver) return;
    this.#client.destroy();
    this.#end();
  }

  #pass(bytes) {
    const end = this.#endOf(bytes);
    this.#passed += end;
    this.#tell.seen(bytes.subarray(0, end));
    if (end < bytes.length || this.#passed >= this.#limit) return this.#cutWith(bytes.subarray(0, end));
    if (!this.#client.write(bytes)) {
      this.#upstream.pause();
      this.#client.once("drain", () => this.#upstream.resume());
    }
  }

  /** How much of the chunk still passes. */
  #endOf(bytes) {
    const byCount = Math.max(0, this.#limit - this.#passed);
    return Math.min(bytes.length, byCount, this.#beforeMark(bytes));
  }

  #beforeMark(bytes) {
    if (this.#mark === null) return bytes.length;
    const both = Buffer.concat([this.#kept, bytes]);
    const at = both.indexOf(this.#mark.bytes);
    const keptLength = this.#kept.length;
    this.#kept = both.subarray(Math.max(0, both.length - this.#mark.bytes.length + 1));
    if (at === -1) return bytes.length;
    this.#limit = this.#passed + Math.max(0, at + this.#mark.extra - keptLength);
    return Math.max(0, at + this.#mark.extra - keptLength);
  }

  /** What passes is delivered, and then both sides find the connection gone. */
  #cutWith(last) {
    this.#upstream.removeAllListeners("data").destroy();
    this.#client.end(last, () => this.#client.destroy());
    this.#end();
    this.#tell.cut();
  }

  #end() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#upstream.destroy();
    this.#tell.ended();
  }
}
