/**
 * A network at its worst, as a TCP proxy before the server: it cuts at a byte of either direction, stalls one direction while
 * the other goes on, hands bytes over one by one, delays them, and sends what the client says over a second connection too,
 * at once or late, as middleboxes do that retry. It changes, drops and reorders no byte of a direction: what it must not do,
 * TCP does not do.
 *
 * What happens to a connection stands in a plan; plans come from a seed, so that a run can be made again.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Transform } from "node:stream";
import { Signal } from "./deadline.mjs";

/** What happens in one direction when nothing happens. Bytes and times count from the connection's first byte. */
export const CALM = {
  cutAt: Number.POSITIVE_INFINITY,
  stallAt: Number.POSITIVE_INFINITY,
  pieceBytes: 65_536,
  delayMs: 0,
};

/** A connection that nothing happens to. What the client says may be said again so much later, in ms. */
export const CALM_PLAN = { up: CALM, down: CALM, againAfterMs: null };

/** Seeded random numbers (SplitMix32, after Steele, Lea, Flood 2014), so that a failure can be run again. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  next() {
    this.#state = (this.#state + 0x9e37_79b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  below(bound) {
    return this.next() % bound;
  }

  oneIn(times) {
    return this.below(times) === 0;
  }

  pick(list) {
    return list[this.below(list.length)];
  }
}

/** The seed of this run: a number from `CHAOS_SEED`, or one of its own; to be told when the test fails. */
export function seed() {
  return Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000_000);
}

/** No connection of a random plan lasts for more bytes from the server, or a WebSocket might never come to harm. */
const LASTS_BYTES = 12_000;

/** A plan for the next connection: one in four only ends some time, the others have one thing more wrong with them, or two. */
export function randomPlan(random) {
  const plan = { up: { ...CALM }, down: { ...CALM, cutAt: 2_000 + random.below(LASTS_BYTES) }, againAfterMs: null };
  if (random.oneIn(4)) return plan;
  for (let wrongs = random.oneIn(3) ? 2 : 1; wrongs > 0; wrongs -= 1) {
    const way = plan[random.pick(["up", "down"])];
    // Near the beginning, where the handshakes are, more often than far behind it.
    const place = random.below(random.pick([300, 1_500, 6_000]));
    const wrong = random.pick(["cut", "cut", "stall", "dribble", "delay", "twice"]);
    if (wrong === "cut") way.cutAt = place;
    if (wrong === "stall") way.stallAt = place;
    if (wrong === "dribble") way.pieceBytes = 1;
    if (wrong === "delay") way.delayMs = 1 + random.below(60);
    if (wrong === "twice") plan.againAfterMs = random.pick([0, random.below(100)]);
  }
  return plan;
}

export class ChaosLine {
  #server;
  #port;
  #links = new Set();
  #signal = new Signal();
  /** Asked for the plan of every new connection; its number counts from 1. */
  plan = () => CALM_PLAN;
  /** Connections so far, those that were cut, stalled, and sent twice. */
  opened = 0;
  cuts = 0;
  stalls = 0;
  twice = 0;
  /** Bytes that passed, of all connections together. */
  bytes = { up: 0, down: 0 };

  /** A line to this port that ends with the test. */
  static async start(t, port) {
    const line = new ChaosLine(port);
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    t.after(() => line.end());
    return line;
  }

  constructor(port) {
    this.#port = port;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  #accept(client) {
    this.opened += 1;
    const link = new Link(client, this.#port, this.plan(this.opened), this);
    this.#links.add(link);
    link.ended.finally(() => this.#links.delete(link));
  }

  /** A link tells what was done to it: `cuts`, `stalls` or `twice`. */
  count(what) {
    this[what] += 1;
    this.#signal.wake();
  }

  /** Nothing happens to new connections any more, and those that something happens to are cut. */
  calm() {
    this.plan = () => CALM_PLAN;
    for (const link of [...this.#links]) if (!link.isCalm) link.cut();
  }

  untilDisturbed(times, patienceMs) {
    const disturbed = () => this.cuts + this.stalls + this.twice;
    return this.#signal.until(
      () => disturbed() >= times,
      () => `${times} disturbances (${disturbed()} came)`,
      patienceMs,
    );
  }

  end() {
    for (const link of [...this.#links]) link.cut();
    this.#server.close();
  }
}

/** A connection of a client, and the one or two to the server that belong to it. */
class Link {
  #sockets;
  #line;
  #end;
  /** Resolves when it is over. */
  ended = new Promise((resolve) => {
    this.#end = resolve;
  });
  isCalm;

  constructor(client, port, plan, line) {
    this.#line = line;
    this.isCalm = plan.up === CALM && plan.down === CALM && plan.againAfterMs === null;
    const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#sockets = [client, upstream];
    const targets = [upstream];
    if (plan.againAfterMs !== null) targets.push(this.#shadow(port, plan.againAfterMs));
    for (const socket of this.#sockets) socket.on("error", () => this.cut());
    for (const socket of [client, upstream]) socket.on("close", () => this.cut());
    pass(client, targets, plan.up, this.#watch("up"));
    pass(upstream, [client], plan.down, this.#watch("down"));
  }

  /** A second connection to the server, that hears what the client says and whose answers nobody hears. */
  #shadow(port, lateMs) {
    const shadow = connect({ port, host: "127.0.0.1", noDelay: true });
    const lag = late(lateMs);
    shadow.resume();
    lag.pipe(shadow);
    this.#sockets.push(lag, shadow);
    this.#line.count("twice");
    return lag;
  }

  #watch(way) {
    return {
      passed: (count) => {
        this.#line.bytes[way] += count;
      },
      cut: () => {
        if (this.cut()) this.#line.count("cuts");
      },
      stalled: () => this.#line.count("stalls"),
      over: () => this.#sockets === null,
    };
  }

  /** Both sides find the connection gone. False if it was already. */
  cut() {
    if (this.#sockets === null) return false;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets = null;
    this.#end();
    return true;
  }
}

/** Passes bytes on in one direction, in their order, as the plan says. */
function pass(from, targets, plan, watch) {
  let passed = 0;
  let work = Promise.resolve();
  const send = async (bytes) => {
    // A pause on purpose: the delay is what this line does.
    if (plan.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, plan.delayMs));
    for (let at = 0; at < bytes.length; at += plan.pieceBytes) {
      if (watch.over()) return;
      const end = Math.min(bytes.length, at + plan.pieceBytes, at + plan.stallAt - passed, at + plan.cutAt - passed);
      const piece = bytes.subarray(at, Math.max(at, end));
      passed += piece.length;
      watch.passed(piece.length);
      await Promise.all(targets.map((target) => write(target, piece)));
      if (passed >= plan.cutAt) return watch.cut();
      if (passed >= plan.stallAt) {
        // The line stays as it is: what is not handed over waits for ever.
        watch.stalled();
        return new Promise(() => {});
      }
    }
  };
  if (plan.cutAt === 0) queueMicrotask(() => watch.cut());
  from.on("data", (bytes) => {
    from.pause();
    work = work.then(() => send(bytes)).then(() => from.resume());
  });
  from.on("end", () => {
    work = work.then(() => {
      for (const target of targets) target.end();
    });
  });
}

/** Takes bytes at once and hands them on later, in their order: the time is what this line does. */
function late(ms) {
  return new Transform({
    transform(bytes, _encoding, taken) {
      setTimeout(() => this.destroyed || this.push(bytes), ms);
      taken();
    },
    flush(ended) {
      setTimeout(ended, ms);
    },
  });
}

/** Resolves when the system has taken the bytes; also when the connection is gone. */
function write(target, bytes) {
  if (target.destroyed || bytes.length === 0) return;
  return new Promise((resolve) => {
    target.once("close", resolve);
    target.write(bytes, () => {
      target.off("close", resolve);
      resolve();
    });
  });
}
