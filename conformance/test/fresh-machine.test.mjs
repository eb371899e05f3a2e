/**
 * `make run` on a machine that lacks something: it names what, says how to get it, and begins nothing.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAKE = programPath("make");

/** What a Unix has anyway, as far as the scripts need it. */
const GIVEN = ["bash", "dirname", "head"];

/** What a person has to install, each with the words that name it and say where it comes from. */
const RUST = /^Missing: Rust 1\.\d+ or newer\. Get it from https:\/\/rustup\.rs$/m;
const OLD_RUST = /^Missing: Rust 1\.\d+ or newer; this is rustc 1\.85\.0\. Get it with: rustup update/m;
const COMPILER = /^Missing: a C compiler.*apt-get install build-essential$/m;
const NODE = /^Missing: Node 20\.19 or newer\. Get it from https:\/\/nodejs\.org$/m;
const OLD_NODE = /^Missing: Node 20\.19 or newer; this is v18\.20\.0\. Get it from https:\/\/nodejs\.org$/m;
const NPM = /^Missing: npm\..*apt-get install npm$/m;

/** Builds nothing; whoever calls it learns that it was called. */
const BUILDER = "echo builds; exit 99";
const PRESENT = { cargo: BUILDER, rustc: "echo rustc 1.95.0", cc: BUILDER, node: null, npm: BUILDER };

function programPath(name) {
  return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
}

/** A folder of programs that is the whole PATH: scripts by their text, `null` for the real one. */
function machine(t, programs) {
  const folder = mkdtempSync(join(tmpdir(), "tidings-machine-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of GIVEN) symlinkSync(programPath(name), join(folder, name));
  for (const [name, script] of Object.entries(programs)) {
    if (script === null) symlinkSync(process.execPath, join(folder, name));
    else writeFileSync(join(folder, name), `#!/usr/bin/env bash\n${script}\n`);
    if (script !== null) chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** `make TARGET` with nothing but these programs: `{code, stdout, stderr}`. */
function make(target, path) {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: { PATH: path, HOME: path } };
    execFile(MAKE, [target], options, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
  });
}

/** Every complaint is there and no other one, it fails, and nothing was built. */
async function complains(t, programs, complaints, target = "run") {
  const { code, stdout, stderr } = await make(target, machine(t, programs));
  assert.notEqual(code, 0, `make ${target} fails`);
  for (const complaint of complaints) assert.match(stderr, complaint);
  assert.equal(stderr.match(/^Missing:/gm)?.length, complaints.length, stderr);
  assert.doesNotMatch(stdout, /builds/, "nothing is begun that cannot be finished");
}

for (const [name, program, complaints] of [
  ["Rust", "cargo", [RUST]],
  ["a C compiler", "cc", [COMPILER]],
  ["Node", "node", [NODE]],
  ["npm", "npm", [NPM]],
]) {
  test(`without ${name}, make run names it and says how to get it`, async (t) => {
    const { [program]: _, ...rest } = PRESENT;
    await complains(t, rest, complaints);
  });
}

test("an old Rust and an old Node are named with their versions", async (t) => {
  const old = 'if [ "$1" = --version ]; then echo v18.20.0; else exit 1; fi';
  await complains(t, { ...PRESENT, node: old, rustc: "echo rustc 1.85.0" }, [OLD_NODE, OLD_RUST]);
});

test("on an empty machine everything that is missing is named at once, for make test too", async (t) => {
  await complains(t, {}, [RUST, COMPILER, NODE, NPM]);
  await complains(t, {}, [RUST, COMPILER, NODE, NPM], "test");
});

test("with everything there, make run begins to build", async (t) => {
  const { stdout, stderr } = await make("run", machine(t, { ...PRESENT, cmp: "exit 1" }));
  assert.equal(stdout, "builds\n", stderr);
});
