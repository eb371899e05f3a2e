// Socket.IO on Node, answering the contract that the benchmarks speak: pushes come by HTTP or as an event, and go to every
// socket. Nothing is stored. `node server.mjs PORT`; started by the load generator.

import { createServer } from "node:http";

import { Server } from "socket.io";

const port = Number(process.argv[2]);

/** The largest body of a push, in bytes: what Tidings takes by default. */
const BODY_BYTES_MAX = 1_000_000;

/** Longer than any pause of a run, so that kept connections stay. */
const KEEP_ALIVE_MS = 75_000;

const http = createServer(answer);
http.keepAliveTimeout = KEEP_ALIVE_MS;

// What costs time without being asked for is off: compression, other transports, the served client.
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});

io.on("connection", (socket) => {
  socket.on("push", (push, ack) => {
    relay(push);
    ack?.({ success: true });
  });
});

function relay({ type, action, data }) {
  io.emit("sync_update", { type, action, data, timestamp: Date.now() });
}

function answer(request, response) {
  if (request.url === "/api/health") {
    send(response, 200, { status: "ok" });
  } else if (request.url === "/api/sync/push" && request.method === "POST") {
    takePush(request, response);
  } else {
    send(response, 404, { error: "no such path" });
  }
}

function takePush(request, response) {
  const chunks = [];
  let bytes = 0;
  request.on("data", (chunk) => {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  });
  request.on("end", () => {
    if (bytes > BODY_BYTES_MAX) return send(response, 413, { error: "too large" });
    relay(JSON.parse(Buffer.concat(chunks)));
    send(response, 200, { success: true });
  });
}

function send(response, status, body) {
  const bytes = JSON.stringify(body);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(bytes) });
  response.end(bytes);
}

http.listen(port, "127.0.0.1");
