/**
 * Reads what the server answered to a push. An answer that nobody understands counts as none: the same key asks again.
 */
import { isObject } from "./topic-fold.ts";
import type { PushAck } from "./wire-types.ts";

export type Answer =
  | { readonly kind: "acked"; readonly ack: PushAck }
  | { readonly kind: "refused"; readonly code: string; readonly error: string; readonly retryAfterMs: number }
  /** The line broke, or time ran out; the push may or may not have arrived. */
  | { readonly kind: "none" };

export function readAnswer(answer: unknown): Answer {
  if (!isObject(answer)) return { kind: "none" };
  if (answer["success"] === true && typeof answer["seq"] === "number") {
    return { kind: "acked", ack: answer as unknown as PushAck };
  }
  const { code, error, retry_after_ms: retryAfter } = answer as Record<string, unknown>;
  if (typeof code !== "string" && typeof code !== "number") return { kind: "none" };
  const sentence = typeof error === "string" ? error : `The server refused the change (${code})`;
  return {
    kind: "refused",
    code: String(code),
    error: sentence,
    retryAfterMs: typeof retryAfter === "number" ? retryAfter : 0,
  };
}
