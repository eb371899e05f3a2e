/**
 * Plain HTTP calls, each on a connection of its own: a server that is killed and restarted must not meet a kept connection
 * of the one before. And the calls of the API that tests need.
 */
import http from "node:http";
import { poll } from "./deadline.mjs";

/** Resolves to `{status, headers, text}`; never follows, retries or decodes anything. */
export function request(url, { method = "GET", headers = {}, body, timeoutMs = 15_000 } = {}) {
  return new Promise((resolve, reject) => {
    const call = http.request(url, { method, headers, agent: false, timeout: timeoutMs }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    call.on("timeout", () => call.destroy(new Error(`no answer from ${url} within ${timeoutMs} ms`)));
    call.on("error", reject);
    call.end(body);
  });
}

/** The API of one server, as one person (or nobody). */
export class Api {
  constructor(url, token = null) {
    this.url = url;
    this.token = token;
  }

  async call(path, { method = "GET", json, headers = {} } = {}) {
    const answer = await request(this.url + path, {
      method,
      headers: {
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: json === undefined ? undefined : JSON.stringify(json),
    });
    return { ...answer, json: parsed(answer.text) };
  }

  push(change) {
    return this.call("/api/sync/push", { method: "POST", json: change });
  }

  /** Adds items `{id, text}` one after the other, each acked before the next. */
  async addAll(type, ids) {
    for (const id of ids) {
      const { status, text } = await this.push({ type, action: "add", data: { id, text: `text of ${id}` } });
      if (status !== 200) throw new Error(`the push of ${id} was answered ${status}: ${text}`);
    }
  }

  /** Asks for what the projections know, again if they take long to catch up on a busy machine: clients do so, too. */
  read(path) {
    return poll(async () => {
      const answer = await this.call(path);
      return answer.status === 503 && answer.json?.code === "busy" ? null : answer;
    }, `the projections behind ${path} to catch up`);
  }

  /** The present state and the cursor that belongs to it. */
  async state() {
    const { json, headers } = await this.read("/api/sync/data");
    return { state: json, cursor: headers["tidings-cursor"] };
  }

  /** Every change since a cursor (or the beginning), page by page. */
  async history(since = null) {
    const changes = [];
    for (let cursor = since; ; ) {
      const { status, json, text } = await this.read(`/api/sync/changes${cursor === null ? "" : `?since=${cursor}`}`);
      if (status !== 200 || json.reset) throw new Error(`changes answered ${status}: ${text}`);
      changes.push(...json.changes);
      cursor = json.cursor;
      if (json.complete) return changes;
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
