/**
 * A tab of a page that uses our own client, in Node: the built package `tidings` over a storage that outlives the tab, as a
 * browser's does. Everything else is real.
 */
import { createWebsocketService } from "tidings";
import { Signal } from "./deadline.mjs";

const EVENTS = ["connected", "disconnected", "sync_update", "connection", "topics", "pending", "failed"];

/** A `localStorage` that lives in memory; one for all tabs of a person. */
export function newStorage(entries = {}) {
  const values = new Map(Object.entries(entries));
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, String(value)),
    removeItem: (key) => void values.delete(key),
    key: (index) => [...values.keys()][index] ?? null,
    get length() {
      return values.size;
    },
  };
}

export class Tab {
  #signal = new Signal();
  /** `{name, event}` of everything the service told. */
  heard = [];
  /** The lines it wrote to the console. */
  console = [];

  /** Opens and connects; closed with the test at the latest. */
  constructor(t, url, storage, options = {}) {
    const write = (...words) => this.console.push(words.join(" "));
    this.storage = storage;
    this.service = createWebsocketService({
      url,
      storage,
      locks: null,
      console: { info: write, warn: write },
      ...options,
    });
    for (const name of EVENTS) {
      this.service.addListener(name, (event) => {
        this.heard.push({ name, event });
        this.#signal.wake();
      });
    }
    t.after(() => this.close());
    this.service.connect();
  }

  /** The page goes; its storage stays. */
  close() {
    this.service.disconnect();
  }

  all(name) {
    return this.heard.filter((event) => event.name === name).map(({ event }) => event);
  }

  until(look, what) {
    return this.#signal.until(look, () => `${what}; console: ${this.console.join(" / ")}`);
  }

  untilConnected() {
    return this.until(() => this.service.isConnected(), "the connection");
  }

  /** The ids of a topic's items as the page has them. */
  ids(topic) {
    const state = this.service.topic(topic);
    return state.kind === "list" ? state.items.map(({ id }) => id) : [];
  }

  /** The same from storage: what another tab, or this one after a reload, begins with. */
  storedIds(topic) {
    return JSON.parse(this.storage.getItem(topic) ?? "[]").map(({ id }) => id);
  }

  untilIds(topic, count) {
    return this.until(
      () => this.storedIds(topic).length >= count && this.ids(topic).length >= count && this.ids(topic),
      () => `${count} items (${this.ids(topic).length} are there)`,
    );
  }

  /** Adds an item; the promise is the service's own. */
  add(type, id) {
    return this.service.pushUpdate({ type, action: "add", data: { id, text: `text of ${id}` } });
  }
}
