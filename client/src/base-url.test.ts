/** Where the server is: what apps write, and what is guessed when they write nothing. */
import { expect, test } from "vitest";
import { FakeClock } from "../test/fake-clock.ts";
import { guessBase, parseBase } from "./base-url.ts";
import type { FetchLike } from "./environment.ts";

test.each([
  ["http://localhost:3001/api", "http://localhost:3001", ""],
  ["http://localhost:3001/api/", "http://localhost:3001", ""],
  ["http://localhost:3001", "http://localhost:3001", ""],
  ["http://localhost:3001/", "http://localhost:3001", ""],
  [" https://chat.example/base/api ", "https://chat.example", "/base"],
  ["https://chat.example/base/", "https://chat.example", "/base"],
  ["https://chat.example/apis", "https://chat.example", "/apis"],
  ["wss://chat.example", "https://chat.example", ""],
  ["ws://localhost:3001/", "http://localhost:3001", ""],
  ["localhost:3001/api", "http://localhost:3001", ""],
  ["/api", "https://page.example", ""],
  ["http://[::1]:3001/api", "http://[::1]:3001", ""],
])("'%s' leads to %s with prefix '%s'", (url, origin, prefix) => {
  expect(parseBase(url, "https://page.example")).toEqual({ origin, prefix });
});

test.each(["", "ftp://x", "http://", "file:///tmp/x"])("'%s' is no address, and the error says what is", (url) => {
  expect(() => parseBase(url, null)).toThrow("http://localhost:3001");
});

const answering =
  (body: unknown): FetchLike =>
  async () => ({
    ok: true,
    status: 200,
    headers: { get: () => null },
    json: async () => {
      if (typeof body === "string") throw new SyntaxError("no JSON");
      return body;
    },
  });
const silent: FetchLike = () => Promise.reject(new TypeError("fetch failed"));
const at = (origin: string) => ({ origin, hostname: new URL(origin).hostname });
const health = { status: "ok", clients: 0, timestamp: 1 };

test.each([
  ["no page", null, silent, "http://localhost:3001"],
  ["a page in the world", at("https://app.example"), silent, "https://app.example"],
  ["our own page on any port", at("http://localhost:4000"), answering(health), "http://localhost:4000"],
  ["our own page while its server is away", at("http://127.0.0.1:3000"), silent, "http://127.0.0.1:3000"],
  [
    "a development server that answers everything with its page",
    at("http://localhost:5173"),
    answering("<html>"),
    "http://localhost:3001",
  ],
  ["another API on this machine", at("http://localhost:3000"), answering({ status: "ok" }), "http://localhost:3001"],
])("%s: the guess is right", async (_what, where, fetch, origin) => {
  const clock = new FakeClock();
  const timers = {
    now: () => clock.now(),
    after: (delayMs: number, callback: () => void) => {
      const handle = clock.setTimeout(callback, delayMs);
      return () => clock.clearTimeout(handle);
    },
  };
  expect((await guessBase(where, fetch, timers)).origin).toBe(origin);
});
