/** Somebody's own web server on this machine: files from memory, on another origin than Tidings. */
import { once } from "node:events";
import { createServer } from "node:http";

const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8" };

/** Serves `files`, text by path, until the test ends. Resolves to the origin. */
export async function serveSite(t, files) {
  const server = createServer((request, response) => {
    const file = files[new URL(request.url, "http://x").pathname];
    if (file === undefined) return response.writeHead(404).end();
    const type = TYPES[request.url.split("?")[0].split(".").at(-1)] ?? TYPES.html;
    response.writeHead(200, { "content-type": type }).end(file);
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${server.address().port}`;
}
