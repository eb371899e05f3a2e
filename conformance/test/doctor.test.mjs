/** `tidings doctor` against real servers, healthy and not: one line for each question, and what to do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ear } from "../harness/ear.mjs";
import { examined, verdictOn } from "../harness/examination.mjs";
import { Api, request } from "../harness/http.mjs";
import { freePort } from "../harness/ports.mjs";
import { Server } from "../harness/server.mjs";
import { serveSite } from "../harness/site.mjs";

test("of a healthy server with a page connected every line is ok, and nothing of the examination stays", async (t) => {
  const server = await Server.start(t);
  const ann = await server.token("Ann");
  const followers = [{ auth: { token: ann } }, {}].map((options) => Ear.open(t, "4.8", server.url, options));
  await Promise.all(followers.map((ear) => ear.nth("connected", 1)));

  const report = await examined(server.url, "--data", server.data, "--origin", "http://localhost:5173");
  assert.equal(report.code, 0, report.text);
  // A busy machine may be told that it is slow.
  const isSpeed = ({ verdict, text }) => verdict === "warning" && /a push comes back after/.test(text);
  for (const line of report.lines) assert.ok(line.verdict === "ok" || isSpeed(line), line.text);
  for (const question of [
    /Tidings \S+ is at/,
    /a WebSocket opens/,
    /long-polling works/,
    /moves from polling to a WebSocket/,
    /2 pages and apps are connected/,
    /outdated/,
    /localhost:5173/,
    /a push comes back after/,
    /sent again with its key/,
    /id_taken/,
    /while a client was away/,
  ]) {
    verdictOn(report, question);
  }

  const api = new Api(server.url, ann);
  await api.addAll("notes", ["after"]);
  for (const ear of followers) {
    await ear.untilUpdates(1);
    assert.deepEqual(
      ear.updates().map(({ type }) => type),
      ["notes"],
      "nobody else read what the doctor pushed",
    );
  }
  for (const who of ["Ann", "tidings doctor"]) {
    const { state } = await new Api(server.url, await server.token(who)).state();
    assert.deepEqual(Object.keys(state), ["tidings/doctor", "notes"]);
    assert.deepEqual(state["tidings/doctor"], [], "it took away what it wrote");
  }
});

test("where nobody listens it says how to start a server", async () => {
  const report = await examined(`http://localhost:${await freePort()}`);
  assert.equal(report.code, 1);
  assert.equal(report.lines.length, 1, report.text);
  assert.match(report.text, /^PROBLEM .*tidings serve --dev/);
});

test("a server that is somebody else's is told apart from none", async (t) => {
  const report = await examined(await serveSite(t, { "/": "hello" }));
  assert.equal(report.code, 1);
  assert.match(report.text, /^PROBLEM .*is not Tidings/);
});

test("without pages and without a token it warns, and that is no failure", async (t) => {
  const server = await Server.start(t);
  const report = await examined(`${server.url}/api`);
  assert.equal(report.code, 0, report.text);
  assert.equal(verdictOn(report, /no page or app is connected.*connect\(\)/), "warning");
  assert.equal(verdictOn(report, /nothing was pushed.*--data DIR/), "warning");
});

test("a client with an outdated protocol that has knocked is a problem that it names", async (t) => {
  const server = await Server.start(t);
  const knock = await request(`${server.url}/socket.io/?EIO=3&transport=polling`);
  assert.equal(knock.status, 400);
  const report = await examined(server.url);
  assert.equal(report.code, 1);
  assert.equal(verdictOn(report, /outdated protocol.*socket\.io-client 4/), "PROBLEM");
});

test("an origin that the server refuses is a problem, with the setting that admits it", async (t) => {
  const server = await Server.start(t, { dev: false, config: 'allowed_origins = ["https://app.example"]\n' });
  const refused = await examined(server.url, "--origin", "https://other.example");
  assert.equal(refused.code, 1, refused.text);
  assert.equal(verdictOn(refused, /other\.example.*allowed_origins/), "PROBLEM");
  const admitted = await examined(server.url, "--origin", "https://app.example");
  assert.equal(verdictOn(admitted, /app\.example/), "ok");
});

test("a token of another server is a problem that says where to make a good one", async (t) => {
  const [server, other] = await Promise.all([Server.start(t), Server.start(t)]);
  const report = await examined(server.url, "--token", await other.token("Ann"));
  assert.equal(report.code, 1);
  assert.equal(verdictOn(report, /the token is not let in.*tidings token/), "PROBLEM");
});
