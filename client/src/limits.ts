/**
 * Every bound and every pace of the client, with its unit in the name and its reason beside it.
 * Nothing here is an option: a page that needs another value needs a reason that belongs here.
 */

/** A push without an answer for this long is sent again with the same key; longer than the server's own slowest commit. */
export const PUSH_ACK_TIMEOUT_MS = 20_000;

/** First and longest pause before a refused-for-now push or a failed snapshot is tried again. */
export const RETRY_FIRST_MS = 500;
export const RETRY_LONGEST_MS = 30_000;

/** Pauses of the socket's own reconnection: short, because a restart of the server takes a second. */
export const RECONNECT_FIRST_MS = 500;
export const RECONNECT_LONGEST_MS = 5_000;

/** A refusal that no new token can cure (an undeclared space) is asked about again this often. */
export const REFUSED_RETRY_MS = 60_000;

/** How often the token is looked at: the page that writes `localStorage.authToken` gets no event from its own write. */
export const TOKEN_LOOK_MS = 2_000;

/** The first snapshot may take this long before the socket is opened without it. */
export const FIRST_SNAPSHOT_MAX_MS = 10_000;

/** A snapshot that repairs a gap may be large and the line slow. */
export const SNAPSHOT_MAX_MS = 60_000;

/** Asking the page's own origin whether it is a Tidings server, in development only. */
export const PROBE_MAX_MS = 3_000;

/** Unsent entries of one person; more than this is a loop in the page, not a person who types. */
export const OUTBOX_WAITING_MAX = 1_000;

/** Refused entries kept for the page's retry and discard; the oldest go first. */
export const OUTBOX_FAILED_MAX = 100;

/** An acknowledged entry stays in `pending()` until its update has come round, at most this long. */
export const ECHO_WAIT_MS = 10_000;

/** How long a tab waits for another tab's word on an entry that is gone from storage, before it sends the entry itself. */
export const VERDICT_WAIT_MS = 1_000;

/** When storage is full, the largest list loses this share of its items at once, so that trimming stays rare. */
export const QUOTA_DROP_SHARE = 0.25;

/** Cursors this tab remembers having passed, to tell a tab that is behind from one that is ahead. */
export const PASSED_CURSORS_MAX = 4_096;

/** Another tab that wrote a cursor unknown here is given this long to go on writing, before this tab takes over. */
export const TAKEOVER_MS = 2_000;

/** A foreign write to a list is looked at after this pause, when the tab that made it has finished. */
export const REPAIR_MS = 100;

/** Updates that come while storing is slow wait, at most this long, and are then stored together. */
export const STORE_PAUSE_LONGEST_MS = 250;

/**
 * Names that pages use in localStorage for the session itself. A topic of such a name is delivered to listeners but
 * never stored, or whoever may create a topic could log everybody out or in.
 */
export const RESERVED_KEYS: ReadonlySet<string> = new Set([
  "authToken",
  "token",
  "accessToken",
  "refreshToken",
  "user",
  "currentUser",
  "session",
]);
