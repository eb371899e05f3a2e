/**
 * The one error a page sees, and the rule which refusals are final. A code that this client does not know is final:
 * trying again what nobody understands would only hammer the server.
 */

/** Why a push or a pull was refused: a stable code for programs, a sentence for people. */
export class TidingsError extends Error {
  readonly code: string;
  /** The sentence, under the name that the server gives it. */
  readonly error: string;

  constructor(code: string, sentence: string) {
    super(sentence);
    this.name = "TidingsError";
    this.code = code;
    this.error = sentence;
  }
}

const RETRYABLE: ReadonlySet<string> = new Set([
  "429",
  "500",
  "502",
  "503",
  "504",
  "busy",
  "draining",
  "internal",
  "overloaded",
  "rate_limited",
  "shutting_down",
  "timeout",
  "too_many_requests",
  "unavailable",
]);

/** Whether the same request may succeed a moment later. */
export function isRetryable(code: string): boolean {
  return RETRYABLE.has(code);
}
