/** The Python program of docs/compatibility.md, as it stands there: it goes on where it was when its connection is cut. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { BadLine } from "../harness/bad-line.mjs";
import { poll, Signal } from "../harness/deadline.mjs";
import { allAreThere, PYTHON } from "../harness/foreign-clients.mjs";
import { Api } from "../harness/http.mjs";
import { Server } from "../harness/server.mjs";

const DOCUMENT = fileURLToPath(new URL("../../docs/compatibility.md", import.meta.url));

/** The document's program, pointed at a server of this test. */
function example(url) {
  const [, program] = /```python\n([\s\S]*?)```/.exec(readFileSync(DOCUMENT, "utf8"));
  assert.match(program, /http:\/\/localhost:3000/);
  return program.replaceAll("http://localhost:3000", url);
}

/** Runs a Python program until the test ends, and hears its lines. */
function run(t, program) {
  const child = spawn(PYTHON, ["-c", program], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const signal = new Signal();
  const lines = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    signal.wake();
  });
  const changes = () => lines.filter((line) => line.startsWith("notes "));
  const enough = (count) =>
    signal.until(
      () => changes().length >= count,
      () => `${count} changes: ${lines.join("; ")}`,
    );
  return { changes, enough };
}

test("the document's Python program shows every change once, across cuts", async (t) => {
  allAreThere();
  const server = await Server.start(t);
  const line = await BadLine.start(t, server.port);
  const api = new Api(server.url, await server.token("Ann"));
  const { changes, enough } = run(t, example(line.url));
  const isIn = async () => (await api.call("/api/health")).json.clients === 1;
  await poll(isIn, "the program to follow");
  for (let round = 1; round <= 3; round += 1) {
    await api.addAll("notes", [`${round}a`, `${round}b`]);
    await enough(3 * round - 1);
    line.pull();
    await api.addAll("notes", [`${round}c`]);
    line.mend();
    await enough(3 * round);
  }
  const ids = changes().map((change) => /'id': '(\w+)'/.exec(change)[1]);
  assert.deepEqual(ids, ["1a", "1b", "1c", "2a", "2b", "2c", "3a", "3b", "3c"]);
});
