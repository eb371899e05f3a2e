/**
 * `tidings doctor` through proxies that break something: the line about what is broken says PROBLEM and names the fix, and
 * the lines about what works stay ok.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { badProxy } from "../harness/bad-proxy.mjs";
import { examined, verdictOn } from "../harness/examination.mjs";
import { Server } from "../harness/server.mjs";

const WEBSOCKET_OK = /a WebSocket opens$/;
const POLLING_OK = /long-polling works$/;
const UPGRADE_OK = /a session moves from polling to a WebSocket$/;
const PUSH_OK = /a push comes back after/;
const RETRY_OK = /sent again with its key arrives once/;
const RECONNECT_OK = /while a client was away arrives when it is back/;

const isPoll = (request) => request.method === "GET" && /transport=polling/.test(request.url);
const isFirstPoll = (request) => isPoll(request) && !/sid=/.test(request.url);
const isUpdate = (text) => text?.includes("sync_update") ?? false;

/** What the doctor says of a healthy server behind a proxy with these faults. */
async function examinedThrough(t, faults) {
  const server = await Server.start(t);
  const url = await badProxy(t, server.port, faults);
  return examined(url, "--data", server.data);
}

/**
 * These lines are problems that name their fix, these others are none (a slow machine may get a warning for its speed), and
 * the exit code says which of both counts.
 */
function judge(report, problems, fine) {
  for (const problem of problems) assert.equal(verdictOn(report, problem), "PROBLEM", report.text);
  for (const line of fine) assert.notEqual(verdictOn(report, line), "PROBLEM", report.text);
  const found = report.lines.filter(({ verdict }) => verdict === "PROBLEM");
  assert.equal(found.length, problems.length, `no other problem than these:\n${report.text}`);
  assert.equal(report.code, problems.length > 0 ? 1 : 0, report.text);
}

const NO_WEBSOCKET = /no WebSocket opens: .*proxy_set_header Upgrade/;
const NO_UPGRADE = /does not move from polling to a WebSocket: .*to the same server as its polling/;
const NO_POLLING = /long-polling does not work: .*must pass \/socket\.io\/ on as it is.*without caching or buffering/;

suite("the doctor behind a proxy", { concurrency: 3 }, () => {
  test("that passes everything on finds nothing", async (t) => {
    const report = await examinedThrough(t, {});
    judge(report, [], [WEBSOCKET_OK, POLLING_OK, UPGRADE_OK, PUSH_OK, RETRY_OK, /id_taken/, RECONNECT_OK]);
  });

  for (const [name, upgrade] of [
    ["that strips the headers of an upgrade", "strip"],
    ["that answers WebSockets with 400", 400],
    ["that answers WebSockets with 502", 502],
  ]) {
    test(`${name} names the settings that pass WebSockets on`, async (t) => {
      const report = await examinedThrough(t, { upgrade: () => upgrade });
      judge(report, [NO_WEBSOCKET, NO_UPGRADE], [POLLING_OK]);
      assert.equal(verdictOn(report, /nothing was pushed, because no WebSocket opens/), "warning");
    });
  }

  for (const [name, answer] of [
    ["with 404", { status: 404, text: "<h1>Not Found</h1>" }],
    ["with 502", { status: 502, text: "<h1>Bad Gateway</h1>" }],
    ["with a page of its own", { status: 200, text: "<!doctype html>" }],
  ]) {
    test(`that answers polls ${name} says what it has to do with them`, async (t) => {
      const report = await examinedThrough(t, { answer: (request) => (isPoll(request) ? answer : undefined) });
      judge(report, [NO_POLLING, NO_UPGRADE], [WEBSOCKET_OK, PUSH_OK, RETRY_OK, RECONNECT_OK]);
    });
  }

  test("that holds the answers of polls back says what it has to do with them", async (t) => {
    const answer = (request) => (isPoll(request) && !isFirstPoll(request) ? "never" : undefined);
    const report = await examinedThrough(t, { answer });
    judge(report, [NO_POLLING], [WEBSOCKET_OK, UPGRADE_OK, PUSH_OK, RETRY_OK, RECONNECT_OK]);
  });

  test("through which an upgrade never completes says what it has to pass on", async (t) => {
    const report = await examinedThrough(t, { toServer: (text) => (text === "2probe" ? 0 : 1) });
    judge(report, [NO_UPGRADE], [WEBSOCKET_OK, POLLING_OK, PUSH_OK, RETRY_OK, RECONNECT_OK]);
  });

  test("that sends a session's WebSocket to another server says that it has to be the same", async (t) => {
    const elsewhere = (request) => (/sid=/.test(request.url) ? 400 : "pass");
    const report = await examinedThrough(t, { upgrade: elsewhere });
    judge(report, [NO_UPGRADE], [WEBSOCKET_OK, POLLING_OK, PUSH_OK, RETRY_OK, RECONNECT_OK]);
  });

  test("that swallows messages: a push does not come back, and where to look is said", async (t) => {
    const report = await examinedThrough(t, { toClient: (text) => (isUpdate(text) ? 0 : 1) });
    const problem = /a push was accepted at position 1, but did not come back: .*pass WebSocket messages on at once/;
    judge(report, [problem], [WEBSOCKET_OK, POLLING_OK, UPGRADE_OK]);
  });

  test("that repeats messages: a push that arrives twice is noticed", async (t) => {
    const report = await examinedThrough(t, { toClient: (text) => (isUpdate(text) ? 2 : 1) });
    const problem = /a push that was written once arrives twice\. .*must pass each message on once/;
    judge(report, [problem], [WEBSOCKET_OK, PUSH_OK, RECONNECT_OK]);
  });

  for (const [name, rewritten] of [
    ["takes the key away", (text) => text.replace('"key"', '"notKey"').replace('"add"', '"update"')],
    ["changes the key", (text) => text.replace(/"key":"/, '"key":"another-')],
  ]) {
    test(`that ${name} of a retry: it is taken for a new push, which is noticed`, async (t) => {
      const seen = new Set();
      const body = (request, text) => {
        const isPush = request.method === "POST" && request.url === "/api/sync/push";
        const key = isPush ? JSON.parse(text).key : undefined;
        if (key === undefined || !seen.has(key)) {
          seen.add(key);
          return text;
        }
        const changed = rewritten(text);
        assert.notEqual(changed, text, "the fault is there");
        return changed;
      };
      const report = await examinedThrough(t, { body });
      const problem = /sent again with its key is taken for a new one\. .*pass the bodies of pushes on unchanged/;
      judge(report, [problem], [WEBSOCKET_OK, PUSH_OK, /id_taken/, RECONNECT_OK]);
    });
  }

  test("that loses a message over a reconnect: it is missed, and where to look is said", async (t) => {
    const report = await examinedThrough(t, {
      toClient: (text) => (isUpdate(text) && text.includes('-three"') ? 0 : 1),
    });
    const problem = /sent while a client was away did not arrive: nothing came.*lead to one server/;
    judge(report, [problem], [WEBSOCKET_OK, PUSH_OK, RETRY_OK, /id_taken/]);
  });

  test("that leads a returning client to another server: it is not known there, which is said", async (t) => {
    const env = { TIDINGS_JWT_SECRET: "one secret of two servers that should be one" };
    const [first, second] = await Promise.all([Server.start(t, { env }), Server.start(t, { env })]);
    // The WebSockets of an examination: the first look, the upgrade, the follower, and the follower that comes back.
    const port = (number) => (number === 4 ? second.port : first.port);
    const url = await badProxy(t, first.port, { port });
    const report = await examined(url, "--token", await first.token("Ann"));
    const problem = /while a client was away did not arrive: the server does not know how far.*lead to one server/;
    judge(report, [problem], [WEBSOCKET_OK, UPGRADE_OK, PUSH_OK, RETRY_OK, /id_taken/]);
  });
});
