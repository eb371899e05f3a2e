/**
 * The real server: the release binary as a child process, with a data folder of its own, on a free port that it keeps
 * across restarts. Whatever was started is ended with the test, or with this process at the latest.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { poll, within } from "./deadline.mjs";
import { request } from "./http.mjs";
import { freePort } from "./ports.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const children = new Set();

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

/** The binary under test. */
export function binary() {
  const path = resolve(ROOT, process.env.TIDINGS_BIN ?? "target/release/tidings");
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`${path} is not there. Build it with: make build (or name another one in TIDINGS_BIN)`);
  }
  return path;
}

/** The environment of a child: ours, without settings that somebody's shell has for another server. */
function environment(more) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("TIDINGS_"));
  return { ...Object.fromEntries(own), ...more };
}

/** Runs the binary to its end, however that is: `{code, stdout, stderr}`. */
export async function tidings(args, { cwd = tmpdir(), env = {} } = {}) {
  try {
    return { code: 0, ...(await run(binary(), args, { cwd, env: environment(env) })) };
  } catch (error) {
    if (typeof error.code !== "number") throw error;
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

export class Server {
  #child = null;
  #options;
  #signs;

  /**
   * Starts a server that ends with the test `t`. Options: `dev` (true), `config` (text of a tidings.toml), `env`.
   */
  static async start(t, options = {}) {
    const server = new Server(options, await freePort());
    t.after(() => server.#end(t));
    await server.start();
    return server;
  }

  constructor(options, port) {
    this.#options = { dev: true, config: "", env: {}, ...options };
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.folder = mkdtempSync(join(tmpdir(), "tidings-conformance-"));
    this.data = join(this.folder, "data");
    this.logFile = join(this.folder, "server.log");
    writeFileSync(join(this.folder, "tidings.toml"), this.#options.config);
  }

  #arguments() {
    const { dev } = this.#options;
    return ["serve", ...(dev ? ["--dev"] : []), "--data", this.data, "--listen", `localhost:${this.port}`];
  }

  /** Starts it, the first time or again, and waits until it takes work. */
  async start() {
    const child = spawn(binary(), this.#arguments(), {
      cwd: this.folder,
      env: environment(this.#options.env),
      stdio: ["ignore", "inherit", "pipe"],
    });
    children.add(child);
    this.#child = child;
    this.#signs = once(child, "exit").finally(() => children.delete(child));
    child.stderr.pipe(createWriteStream(this.logFile, { flags: "a" }));
    await this.ready();
  }

  /** Resolves once it takes work; at once rejects when the process has ended. */
  async ready() {
    const child = this.#child;
    const asked = poll(async () => {
      if (child.exitCode !== null) return "ended";
      return (await request(`${this.url}/readyz`)).status === 200;
    }, `the server to be ready; its log:\n${this.log()}`);
    if ((await asked) === "ended") throw new Error(`the server ended with ${child.exitCode}:\n${this.log()}`);
  }

  /** SIGKILL: no goodbye. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.#signs;
  }

  /** SIGTERM, and how it went: `{code, tookMs}`. */
  async stop(patienceMs = 15_000) {
    const from = performance.now();
    this.#child.kill("SIGTERM");
    const [code] = await within(this.#signs, () => `the server to stop; its log:\n${this.log()}`, patienceMs);
    return { code, tookMs: performance.now() - from };
  }

  get isRunning() {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What `tidings` prints for these arguments, with this server's data folder. */
  async command(...args) {
    const { stdout } = await run(binary(), [...args, "--data", this.data], {
      cwd: this.folder,
      env: environment(this.#options.env),
    });
    return stdout.trim();
  }

  token(name, { role = "member", ttl, space } = {}) {
    const more = [...(ttl ? ["--ttl", ttl] : []), ...(space ? ["--space", space] : [])];
    return this.command("token", "--name", name, "--role", role, ...more);
  }

  revoke(name) {
    return this.command("revoke", "--name", name);
  }

  log() {
    try {
      return readFileSync(this.logFile, "utf8");
    } catch {
      return "";
    }
  }

  async #end(t) {
    if (this.isRunning) await this.kill();
    if (t.passed === false) t.diagnostic(`log of the server on port ${this.port}:\n${this.log().slice(-4_000)}`);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
