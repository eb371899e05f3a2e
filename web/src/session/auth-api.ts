/** The server's doors: guest, sign in, register, first admin, sign out. Failures come back as sentences to show. */
import { readPerson, type Session } from "./session";

export type AuthFailure = "unreachable" | "refused" | "wrong";
export type AuthOutcome = { ok: true; session: Session } | { ok: false; why: AuthFailure; message: string };

export type AuthRequest =
  | { door: "guest"; name: string }
  | { door: "login"; email: string; password: string }
  | { door: "register"; name: string; email: string; password: string }
  | { door: "setup"; secret: string; name: string; email: string; password: string };

const ANSWER_WITHIN_MS = 15_000;
const SENTENCE_CHARS_MAX = 300;
const UNREACHABLE = "The server cannot be reached. Check that it is running and that you are online, then try again.";

const SENTENCES: Record<number, string> = {
  400: "The server did not accept this. Check what you typed and try again.",
  401: "That email and password do not match. Check both and try again.",
  403: "This server does not allow that. Ask whoever runs it for an account.",
  409: "That address is already taken. Sign in instead, or use another one.",
  413: "That is too long. Shorten it and try again.",
  429: "Too many tries. Wait a minute, then try again.",
  503: "The server is busy or restarting. Try again in a moment.",
};

export async function enter({ door, ...body }: AuthRequest): Promise<AuthOutcome> {
  const response = await post(`/api/auth/${door}`, body);
  if (response === null) return { ok: false, why: "unreachable", message: UNREACHABLE };
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) return failure(response.status, answer);
  const { token, user } = (answer ?? {}) as Record<string, unknown>;
  const person = readPerson(user);
  if (typeof token === "string" && token !== "" && person !== null)
    return { ok: true, session: { token, user: person } };
  return { ok: false, why: "wrong", message: "The server's answer made no sense. Is this address a Tidings server?" };
}

/** Tells the server to end the token. Best effort: the window forgets it whatever the answer. */
export async function leave(token: string): Promise<void> {
  await post("/api/auth/logout", {}, token);
}

async function post(path: string, body: object, token?: string): Promise<Response | null> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal }).catch(() => null);
}

function failure(status: number, answer: unknown): AuthOutcome {
  // A gateway in front of a stopped server answers for it.
  if (status === 502 || status === 504) return { ok: false, why: "unreachable", message: UNREACHABLE };
  const said = (answer as { error?: unknown } | null)?.error;
  const sentence = typeof said === "string" && said.includes(" ") ? said.slice(0, SENTENCE_CHARS_MAX) : null;
  const message = sentence ?? SENTENCES[status] ?? `The server answered ${status}. Try again in a moment.`;
  return { ok: false, why: status === 403 ? "refused" : "wrong", message };
}
