/**
 * Free ports for servers that come back on the same one. They lie below the range from which the kernel takes the ports of
 * outgoing connections: while a server is away, no client's own connection may take its port (or even answer itself).
 */
import { createServer } from "node:net";

const FIRST = 20_000;
const LAST = 32_000;

/** A port that nothing listens on, for IPv4 and IPv6. */
export async function freePort() {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if ((await isFree(port, "127.0.0.1")) && (await isFree(port, "::1"))) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

function isFree(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 has nothing in the way there.
    server.once("error", (error) => resolve(error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT"));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
