/** What `tidings doctor` says of a server, and how a test reads it. */
import assert from "node:assert/strict";
import { tidings } from "./server.mjs";

/** Its exit code, its lines as `{verdict, text}`, and the whole text. */
export async function examined(url, ...args) {
  const { code, stdout } = await tidings(["doctor", url, ...args]);
  const lines = stdout.trim().split("\n");
  return { code, lines: lines.map((line) => ({ verdict: line.split(/ +/)[0], text: line })), text: stdout };
}

/** The verdict of the only line with this text. */
export function verdictOn(report, pattern) {
  const found = report.lines.filter(({ text }) => pattern.test(text));
  assert.equal(found.length, 1, `one line with ${pattern} in:\n${report.text}`);
  return found[0].verdict;
}
