/**
 * The service itself: it joins the parts. The connection brings updates, the intake folds them into the replica, the
 * store keeps the replica, the sender empties the outbox. Who is asking is looked up again and again, because pages
 * log in and out without saying so.
 */
import type { ConnectionState, EventName, Listener, WebsocketService } from "./api.ts";
import { type Base, guessBase, parseBase } from "./base-url.ts";
import { Connection } from "./connection.ts";
import { Emitter } from "./emitter.ts";
import {
  type Environment,
  fillEnvironment,
  type ServiceOptions,
  type StorageChange,
  TOKEN_KEY,
} from "./environment.ts";
import { TidingsError } from "./errors.ts";
import { type Arrival, Intake, readArrival } from "./intake.ts";
import { FIRST_SNAPSHOT_MAX_MS, SNAPSHOT_MAX_MS } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import { Person } from "./person.ts";
import { PresenceWatch } from "./presence-watch.ts";
import { readRequest } from "./push-request.ts";
import { Replica } from "./replica.ts";
import { ReplicaStore } from "./replica-store.ts";
import { Sender } from "./sender.ts";
import { fetchSnapshot } from "./snapshot.ts";
import { OUTDATED, SnapshotTaker } from "./snapshot-taker.ts";
import { isObject } from "./topic-fold.ts";
import type { PushAck, PushRequest, SyncState, SyncUpdate } from "./wire-types.ts";

/** Throws a `TypeError` when `url` is no address. Nothing is opened before `connect()`. */
export function createWebsocketService(options: ServiceOptions = {}): WebsocketService {
  const service = new Service(fillEnvironment(options));
  return {
    connect: () => service.connect(),
    disconnect: () => service.disconnect(),
    isConnected: () => service.connection.state.phase === "connected",
    getSocket: () => service.connection.port?.raw ?? null,
    pushUpdate: (update) => service.pushUpdate(update),
    pullFromServer: () => service.pullFromServer(),
    addListener: (event, listener) => service.addListener(event, listener),
    removeListener: (event, listener) => service.emitter.remove(event, listener),
    connection: () => service.connection.state,
    topic: (name) => service.loaded().replica.topic(name),
    isComplete: () => service.loaded().replica.complete,
    pending: () => service.loaded().sender.pending(),
    retry: (key) => service.loaded().sender.retry(key),
    discard: (key) => service.loaded().sender.discard(key),
    presence: () => service.presence.last,
  };
}

class Service {
  readonly #env: Environment;
  readonly emitter: Emitter;
  readonly replica: Replica;
  readonly sender: Sender;
  readonly taker: SnapshotTaker;
  readonly connection: Connection;
  readonly presence: PresenceWatch;
  readonly #store: ReplicaStore;
  readonly #intake: Intake;
  readonly #person: Person;
  readonly #givenBase: Base | null;
  #base: Promise<Base> | null = null;
  #isWanted = false;
  #wasShownNothing = true;
  #hasWarned = false;
  #stops: (() => void)[] = [];

  constructor(env: Environment) {
    const { storage, timers, locks, random } = env;
    this.#env = env;
    this.#givenBase = env.url === null ? null : parseBase(env.url, env.surroundings.location?.origin ?? null);
    this.#person = new Person(env, this.#givenBase ? this.#givenBase.origin + this.#givenBase.prefix : "");
    this.emitter = new Emitter(env.reportError);
    this.replica = new Replica((topic) => this.#store.adopt(topic));
    this.#store = new ReplicaStore(timers, {
      storage,
      replica: this.replica,
      isUnsent: (topic, id) => this.sender.holdsAdd(topic, id),
      onFull: () => this.#warnFull(),
    });
    this.#intake = new Intake(timers, (arrivals) => this.#takeIn(arrivals));
    this.connection = this.#makeConnection();
    this.presence = new PresenceWatch(this.emitter, (data) => this.connection.port?.send("signal", data));
    this.sender = new Sender({
      outbox: new Outbox(storage),
      timers,
      locks,
      random,
      emitter: this.emitter,
      request: async (payload, timeoutMs) => (await this.connection.port?.request("push", payload, timeoutMs)) ?? null,
      hasSeen: (topic, seq) => this.replica.hasSeen(topic, seq),
      hasItem: (topic, id) => this.replica.hasItem(topic, id),
    });
    this.taker = new SnapshotTaker({
      env,
      replica: this.replica,
      fetch: async (timeoutMs) => fetchSnapshot(env, await this.#findBase(), this.#person.token, timeoutMs),
      onTaken: (missed, topics) => this.#tellSnapshot(missed, topics),
    });
  }

  #makeConnection(): Connection {
    return new Connection({
      env: this.#env,
      findBase: () => this.#findBase(),
      cursor: () => this.replica.cursor,
      prepare: () => this.#prepare(),
      onState: (state) => this.#noteState(state),
      onStart: (resumed, cursor) => this.#noteStart(resumed, cursor),
      onEvent: (name, args) => this.#hear(name, args),
    });
  }

  /** This service with the stored state of whoever was logged in at the first look. */
  loaded(): this {
    if (!this.#person.isKnown) this.#look();
    return this;
  }

  connect(): void {
    if (this.#isWanted) return this.#connectAgain();
    this.#look();
    this.#isWanted = true;
    const { surroundings } = this.#env;
    this.#stops = [
      surroundings.onStorage((change) => this.#noteStorage(change)),
      surroundings.onWake(() => this.#wake()),
      this.#person.lookRegularly(() => this.#look()),
    ];
    void this.connection.start(this.#person.token);
  }

  /** Called once more: after a login, or to try a refused token again. */
  #connectAgain(): void {
    if (!this.#look() && this.connection.state.phase === "refused") this.connection.renew(this.#person.token);
  }

  disconnect(): void {
    if (!this.#isWanted) return;
    this.#isWanted = false;
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#intake.flush();
    this.#store.stop();
    this.taker.outdate();
    this.connection.stop();
  }

  async pushUpdate(update: PushRequest): Promise<PushAck> {
    this.#look();
    const { who, token } = this.#person;
    if (token === null) throw new TidingsError("unauthorized", "Nobody is logged in; log in to change anything");
    const change = readRequest(update);
    return this.sender.push({ who, key: this.#env.newKey(), ...change, at: this.#env.timers.now() });
  }

  async pullFromServer(): Promise<SyncState> {
    this.#look();
    for (;;) {
      try {
        return await this.taker.take(SNAPSHOT_MAX_MS);
      } catch (error) {
        // A reset or a login came in between: the state that was asked for is of no use, the next one is.
        if (!(error instanceof TidingsError && error.code === OUTDATED)) throw error;
      }
    }
  }

  addListener<E extends EventName>(event: E, listener: Listener<E>): () => void {
    this.emitter.add(event, listener);
    if (event === "presence") this.presence.ask();
    return () => this.emitter.remove(event, listener);
  }

  /** Looks who is logged in; true when that led to a new connection. */
  #look(): boolean {
    const wasKnown = this.#person.isKnown;
    const look = this.#person.look();
    if (look === "same") return false;
    if (look === "another person") this.#load(wasKnown);
    if (!this.#isWanted) return false;
    const { token } = this.#person;
    // The old socket's place in the journal means nothing to another person.
    if (look === "another person" || this.connection.port === null) void this.connection.start(token);
    else this.connection.renew(token);
    return true;
  }

  /** Shows what storage holds for the person of the last look. */
  #load(hasShown: boolean): void {
    const before = this.replica.topicNames;
    this.#intake.drop();
    this.taker.outdate();
    this.#store.load(this.#person.who);
    this.#wasShownNothing = !hasShown && this.replica.topicNames.length === 0;
    this.sender.setWho(this.#person.who);
    if (hasShown) this.emitter.emit("topics", [...new Set([...before, ...this.replica.topicNames])]);
  }

  #findBase(): Promise<Base> {
    const { surroundings, fetch, timers } = this.#env;
    this.#base ??= this.#givenBase ? Promise.resolve(this.#givenBase) : guessBase(surroundings.location, fetch, timers);
    return this.#base;
  }

  #wake(): void {
    this.#look();
    this.connection.wake();
  }

  #noteStorage(change: StorageChange): void {
    if (change.key === null || change.key === TOKEN_KEY) this.#look();
    this.sender.noteChange(change);
    this.#store.noteChange(change);
  }

  /** The first snapshot comes before the socket, which then follows exactly from it. Without it the socket still opens. */
  async #prepare(): Promise<void> {
    if (this.replica.cursor !== null) return;
    await this.taker.take(FIRST_SNAPSHOT_MAX_MS).catch(() => {});
  }

  #noteStart(resumed: boolean, cursor: string | null): void {
    if (!resumed) this.#noteGap(cursor);
    this.taker.repair(SNAPSHOT_MAX_MS);
  }

  #noteReset(cursor: string | null): void {
    // The `connected` before it has said so already, and the snapshot is on its way.
    const isKnown = !this.replica.complete && cursor !== null && cursor === this.replica.cursor;
    if (!isKnown) this.#noteGap(cursor);
    this.taker.repair(SNAPSHOT_MAX_MS);
  }

  #noteGap(cursor: string | null): void {
    this.#intake.flush();
    this.taker.outdate();
    this.replica.noteGap(cursor);
  }

  #noteState(state: ConnectionState): void {
    const isConnected = state.phase === "connected";
    const wasConnected = this.presence.isConnected;
    this.presence.setConnected(isConnected);
    this.sender.setLive(isConnected);
    this.emitter.emit("connection", state);
    if (isConnected && !wasConnected) this.emitter.emit("connected", { connected: true });
    if (!isConnected && wasConnected) this.emitter.emit("disconnected", { connected: false });
  }

  #hear(name: string, args: readonly unknown[]): void {
    const cursor = args[args.length - 1];
    if (name === "sync_update") {
      const arrival = readArrival(args, this.#env.timers.now());
      if (arrival) this.#intake.arrive(arrival);
    } else if (name === "mark" && typeof cursor === "string") {
      this.#intake.flush();
      this.replica.moveTo(cursor);
      this.#store.save([]);
    } else if (name === "reset") {
      this.#noteReset(typeof cursor === "string" ? cursor : null);
    } else if (name === "signal" && isObject(args[0])) {
      this.presence.hear(args[0]);
    }
  }

  #takeIn(arrivals: readonly Arrival[]): void {
    const fresh: SyncUpdate[] = [];
    const topics = new Set<string>();
    for (const { update, cursor } of arrivals) {
      if (!this.replica.apply(update, cursor)?.changed) continue;
      fresh.push(update);
      topics.add(update.type);
    }
    this.#store.save(topics);
    for (const { update } of arrivals) this.sender.noteUpdate(update.type, update.seq);
    this.#tell(fresh, topics);
  }

  #tellSnapshot(missed: readonly SyncUpdate[], topics: ReadonlySet<string>): void {
    this.#store.save(topics);
    this.sender.noteSnapshot();
    // The first fill of an empty page is no news of the moment; pages draw it from the lists.
    this.#tell(this.#wasShownNothing ? [] : missed, topics);
    this.#wasShownNothing = false;
  }

  #tell(updates: readonly SyncUpdate[], topics: ReadonlySet<string>): void {
    for (const update of updates) this.emitter.emit("sync_update", update);
    if (topics.size > 0) this.emitter.emit("topics", [...topics]);
  }

  #warnFull(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#env.console.warn("[tidings] the browser's storage is full: the oldest items are no longer kept here");
  }
}
