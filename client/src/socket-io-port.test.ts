/** The true socket.io-client behind the port, against the stock server: what the connection relies on holds there. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket as ServerSocket } from "socket.io";
import { afterEach, expect, test } from "vitest";
import { openSocketIo } from "./socket-io-port.ts";
import type { Down, SocketPort } from "./socket-port.ts";

interface Line {
  readonly port: SocketPort;
  readonly server: Server;
  readonly auths: unknown[];
  readonly events: [string, readonly unknown[]][];
  readonly downs: Down[];
  /** The server's end of the next connection. */
  nextSocket(): Promise<ServerSocket>;
  /** Resolves when the condition has come true, looked at after each thing that happens on the line. */
  until(condition: () => boolean): Promise<void>;
}

const openLines: { server: Server; port: SocketPort }[] = [];

afterEach(async () => {
  for (const { port, server } of openLines.splice(0)) {
    port.close();
    await server.close();
  }
});

async function line(namespace = "/"): Promise<Line> {
  const http = createServer();
  const server = new Server(http);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port: number } = http.address() as AddressInfo;
  const auths: unknown[] = [];
  const events: [string, readonly unknown[]][] = [];
  const downs: Down[] = [];
  const waiting = new Set<() => void>();
  const happened = (): void => {
    for (const look of [...waiting]) look();
  };
  const target = { origin: `http://127.0.0.1:${number}`, path: "/socket.io", namespace, transports: null };
  const port = openSocketIo(target, {
    auth: () => ({ visit: auths.length }),
    event: (name, args) => {
      events.push([name, args]);
      happened();
    },
    down: (why) => {
      downs.push(why);
      happened();
    },
  });
  server.of(namespace).on("connection", (socket) => auths.push(socket.handshake.auth));
  openLines.push({ server, port });
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const nextSocket = (): Promise<ServerSocket> =>
    new Promise((resolve) => server.of(namespace).once("connection", resolve));
  return { port, server, auths, events, downs, until, nextSocket };
}

test("nothing is opened before open(); events arrive with all their arguments, the cursor last", async () => {
  const { port, server, events, until, nextSocket } = await line();
  expect(server.engine.clientsCount).toBe(0);
  const arriving = nextSocket();
  port.open();
  const socket = await arriving;
  socket.emit("connected", { resumed: false }, "cursor-1");
  socket.emit("mark", "cursor-2");
  socket.emit("never heard of", 1);
  socket.emit("sync_update", { type: "t" }, "cursor-3");
  await until(() => events.length === 3);
  expect(events).toEqual([
    ["connected", [{ resumed: false }, "cursor-1"]],
    ["mark", ["cursor-2"]],
    ["sync_update", [{ type: "t" }, "cursor-3"]],
  ]);
  expect(port.raw?.connected).toBe(true);
});

test("a request resolves to the acknowledgement, and a signal arrives", async () => {
  const { port, events, until, nextSocket } = await line();
  const arriving = nextSocket();
  port.open();
  const socket = await arriving;
  const signals: unknown[] = [];
  socket.on("signal", (payload) => {
    signals.push(payload);
    socket.emit("mark", "heard");
  });
  socket.on("push", (payload, acknowledge) => acknowledge({ success: true, echo: payload }));
  socket.emit("connected", {}, "c");
  await until(() => events.length === 1);
  port.send("signal", { kind: "watch-presence" });
  expect(await port.request("push", { key: "k" }, 60_000)).toEqual({ success: true, echo: { key: "k" } });
  await until(() => events.length === 2);
  expect(signals).toEqual([{ kind: "watch-presence" }]);
});

test("a request resolves to null when nothing comes, when the line breaks, and when it is down", async () => {
  const { port, events, downs, until, nextSocket } = await line();
  expect(await port.request("push", {}, 5_000)).toBe(null);
  const arriving = nextSocket();
  port.open();
  const socket = await arriving;
  socket.emit("connected", {}, "c");
  await until(() => events.length === 1);
  expect(await port.request("push", {}, 10)).toBe(null);
  socket.on("push", () => socket.conn.close());
  expect(await port.request("push", {}, 60_000)).toBe(null);
  await until(() => downs.length === 1);
});

test("a lost line comes back by itself, asks for `auth` anew and sends nothing that was not acknowledged", async () => {
  const { port, auths, downs, events, until, nextSocket } = await line();
  const first = nextSocket();
  port.open();
  const before = await first;
  const second = nextSocket();
  before.emit("connected", {}, "c");
  await until(() => events.length === 1);
  before.conn.close();
  await until(() => downs.length === 1);
  port.send("signal", { lost: true });
  const after = await second;
  const repeated: unknown[] = [];
  after.onAny((event) => repeated.push(event));
  after.on("push", (_payload, acknowledge) => acknowledge("here"));
  after.emit("connected", {}, "c");
  await until(() => events.length === 2);
  expect(await port.request("push", {}, 60_000)).toBe("here");
  expect(downs).toEqual([{ kind: "lost", reason: "transport close", retrying: true }]);
  expect(auths).toEqual([{ visit: 0 }, { visit: 1 }]);
  expect(repeated).toEqual(["push"]);
});

test("a server's DISCONNECT is told as one that nobody retries, and open() comes back from it", async () => {
  const { port, downs, until, nextSocket } = await line();
  const first = nextSocket();
  port.open();
  (await first).disconnect();
  await until(() => downs.length === 1);
  expect(downs).toEqual([{ kind: "lost", reason: "io server disconnect", retrying: false }]);
  const second = nextSocket();
  port.open();
  expect((await second).connected).toBe(true);
});

test("a server's CONNECT_ERROR is a refusal with its sentence and its code", async () => {
  const { port, server, downs, until } = await line();
  server.use((_socket, next) => next(Object.assign(new Error("token revoked"), { data: { code: "token_revoked" } })));
  port.open();
  await until(() => downs.length === 1);
  expect(downs).toEqual([{ kind: "refused", message: "token revoked", code: "token_revoked" }]);
});

test("an undeclared namespace is a refusal without a code", async () => {
  const { port, server, downs, until } = await line("/declared");
  server._nsps.delete("/declared");
  port.open();
  await until(() => downs.length === 1);
  expect(downs).toEqual([{ kind: "refused", message: "Invalid namespace", code: null }]);
});

test("a server that is not there is a loss that goes on being retried", async () => {
  const { port, server, downs, until } = await line();
  await server.close();
  port.open();
  await until(() => downs.length === 2);
  expect(downs[0]).toEqual({ kind: "lost", reason: "xhr poll error", retrying: true });
});

test("close() tells nothing: whoever closes knows", async () => {
  const { port, server, downs, nextSocket } = await line();
  const arriving = nextSocket();
  port.open();
  const socket = await arriving;
  const gone = new Promise((resolve) => socket.once("disconnect", resolve));
  port.close();
  await gone;
  expect(downs).toEqual([]);
  expect(server.of("/").sockets.size).toBe(0);
});
