/**
 * A page with its service: what a test opens, reloads and closes. Everything it heard is kept in `heard`.
 */
import {
  createWebsocketService,
  type LocksLike,
  type ServiceOptions,
  type SyncUpdate,
  type WebsocketService,
} from "../src/index.ts";
import { FakeClock, settle } from "./fake-clock.ts";
import { FakeServer } from "./fake-server.ts";
import { FakeSocket } from "./fake-socket.ts";
import { FakeStorage, type FakeTab } from "./fake-storage.ts";

export class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer();
  readonly storage = new FakeStorage();
  readonly locks = new FakeLocks();
  #keys = 0;

  /** Opens a page and connects it. */
  async open(options: ServiceOptions = {}): Promise<Page> {
    const page = this.page(options);
    page.service.connect();
    await settle();
    return page;
  }

  page(options: ServiceOptions = {}): Page {
    const tab = this.storage.tab();
    const lines: string[] = [];
    const sockets: FakeSocket[] = [];
    tab.onDeath = () => {
      for (const socket of sockets) socket.die();
    };
    const service = createWebsocketService({
      url: "http://localhost:3001/api",
      storage: tab,
      clock: this.clock,
      openSocket: (target, handlers) => {
        const socket = new FakeSocket(this.server, target, handlers);
        if (tab.writesLeft > 0) sockets.push(socket);
        else socket.die();
        return socket;
      },
      fetch: this.server.fetch,
      locks: this.locks,
      surroundings: tab.surroundings,
      console: { info: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) },
      random: () => 0.5,
      newKey: () => this.#newKey(),
      ...options,
    });
    return new Page(this, tab, service, lines);
  }

  #newKey(): string {
    this.#keys += 1;
    return `key-${String(this.#keys).padStart(4, "0")}`;
  }

  logIn(token: string): void {
    this.storage.values.set("authToken", token);
  }

  ids(topic = "chatMessages"): unknown {
    const list = this.storage.json(topic);
    return Array.isArray(list) ? list.map((item: { id: unknown }) => item.id) : list;
  }
}

export class Page {
  readonly tab: FakeTab;
  readonly service: WebsocketService;
  readonly lines: string[];
  readonly heard: SyncUpdate[] = [];
  readonly connections: boolean[] = [];
  readonly #world: World;

  constructor(world: World, tab: FakeTab, service: WebsocketService, lines: string[]) {
    this.#world = world;
    this.tab = tab;
    this.service = service;
    this.lines = lines;
    service.addListener("sync_update", (update) => void this.heard.push(update));
    service.addListener("connected", ({ connected }) => void this.connections.push(connected));
    service.addListener("disconnected", ({ connected }) => void this.connections.push(connected));
  }

  /** Closes the page at once, as a browser does, and opens it again on the same storage. */
  async reload(options: ServiceOptions = {}): Promise<Page> {
    this.close();
    await settle();
    return this.#world.open(options);
  }

  /** Nothing that this page does counts from now on. */
  close(): void {
    this.tab.writesLeft = 0;
    this.tab.onDeath();
    this.service.disconnect();
  }

  get socket(): FakeSocket {
    const socket = this.#world.server.live.at(-1);
    if (!socket) throw new Error("no live socket");
    return socket;
  }

  ids(topic = "chatMessages"): unknown[] {
    const state = this.service.topic(topic);
    return state.kind === "list" ? state.items.map((item) => item.id) : [];
  }

  heardIds(): unknown[] {
    return this.heard.map(({ data }) => (data as { id?: unknown } | null)?.id);
  }

  say(id: string | number, content = "hello"): ReturnType<WebsocketService["pushUpdate"]> {
    const promise = this.service.pushUpdate({ type: "chatMessages", action: "add", data: { id, content } });
    // A test that cares awaits it; one that lets it hang or fail must not be ended by that.
    promise.catch(() => {});
    return promise;
  }
}

/** One holder at a time, the others in order, as in browsers. */
export class FakeLocks implements LocksLike {
  #last: Promise<unknown> = Promise.resolve();

  request(_name: string, callback: () => Promise<void>): Promise<unknown> {
    const turn = this.#last.then(callback);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
