/**
 * A reverse proxy as somebody configures it wrongly: it understands HTTP and WebSocket, unlike `BadLine`, and refuses, holds
 * back, rewrites, drops or repeats what it should pass on. What no fault is named for passes unchanged, `Host` included.
 */
import { once } from "node:events";
import http from "node:http";
import { connect } from "node:net";
import { WebSocketFrames } from "./websocket-frames.mjs";

/** What the proxy does by default: nothing but pass on. */
const FAULTLESS = {
  /** A request that is no upgrade: `{status, text}` to answer it here, "never" to leave it open, nothing to pass it on. */
  answer: () => undefined,
  /** The body that is passed on for a request's body. */
  body: (_request, text) => text,
  /** An upgrade: "pass", "strip" to pass it on as an ordinary request, or the status to refuse it with. */
  upgrade: () => "pass",
  /** How often a text of the server is passed on. */
  toClient: (_text) => 1,
  /** How often a text of the client is passed on. */
  toServer: (_text) => 1,
};

/**
 * Starts a proxy before the server on this port, with these faults; it ends with the test. Resolves to its URL. The fault
 * `port` leads a WebSocket to another server: it is given its number, from 1, and answers with a port.
 */
export async function badProxy(t, port, faults) {
  const rules = { ...FAULTLESS, port: () => port, ...faults };
  const sockets = new Set();
  let webSockets = 0;
  const server = http.createServer((request, response) => handle(rules, port, request, response));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket) => {
    const decided = rules.upgrade(request);
    if (decided === "pass") {
      webSockets += 1;
      passWebSocket(rules, rules.port(webSockets), request, socket);
    } else if (decided === "strip") {
      passStripped(port, request, socket);
    } else {
      socket.end(head(decided, ["Content-Length: 0"]));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

async function handle(rules, port, request, response) {
  const own = rules.answer(request);
  if (own === "never") return;
  if (own !== undefined) return response.writeHead(own.status, { "content-type": "text/html" }).end(own.text);
  const text = rules.body(request, await textOf(request));
  const headers = { ...request.headers, "content-length": Buffer.byteLength(text) };
  const passed = http.request({ ...target(port, request), headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.rawHeaders);
    answer.pipe(response);
  });
  passed.on("error", () => response.destroy());
  passed.end(text);
}

/** What a proxy does that nobody told about upgrades: its own connection to the server is an ordinary one. */
function passStripped(port, request, socket) {
  const { connection: _connection, upgrade: _upgrade, ...headers } = request.headers;
  const passed = http.request({ ...target(port, request), headers }, async (answer) => {
    const text = await textOf(answer);
    socket.end(head(answer.statusCode, [`Content-Length: ${Buffer.byteLength(text)}`]) + text);
  });
  passed.on("error", () => socket.destroy());
  passed.end();
}

function passWebSocket(rules, port, request, client) {
  const upstream = connect(port, "127.0.0.1");
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
  }
  upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
  const fromServer = new WebSocketFrames({ afterHead: true });
  const fromClient = new WebSocketFrames();
  const copy = (frames, to, times) => (bytes) => {
    for (const frame of frames.split(bytes)) {
      for (let left = times(frame.text); left > 0; left -= 1) to.write(frame.bytes);
    }
  };
  upstream.on("data", copy(fromServer, client, rules.toClient));
  client.on("data", copy(fromClient, upstream, rules.toServer));
  for (const [one, other] of [
    [upstream, client],
    [client, upstream],
  ]) {
    one.on("error", () => {});
    one.on("end", () => other.end());
    one.on("close", () => other.destroySoon());
  }
}

function target(port, request) {
  return { host: "127.0.0.1", port, method: request.method, path: request.url, agent: false };
}

function head(status, headers) {
  return [`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`, ...headers, "Connection: close", "", ""].join("\r\n");
}

async function textOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
