/** Looks at what a page pushes before anything is stored: what cannot be sent is refused at once, with a sentence. */
import { TidingsError } from "./errors.ts";
import { isAction } from "./outbox.ts";
import type { Action, PushRequest } from "./wire-types.ts";

export interface Change {
  readonly type: string;
  readonly action: Action;
  readonly data: unknown;
}

/** Throws a `TidingsError`. The data is a copy: what the page does to its object afterwards changes nothing. */
export function readRequest({ type, action, data }: PushRequest): Change {
  if (typeof type !== "string" || type === "") throw new TidingsError("bad_request", "A push needs a topic in `type`");
  if (!isAction(action)) throw new TidingsError("bad_request", `"${String(action)}" is no action`);
  return { type, action, data: copyOf(data) };
}

function copyOf(data: unknown): unknown {
  try {
    // Functions and symbols have no JSON text at all.
    return JSON.parse(JSON.stringify(data ?? null) ?? "null") as unknown;
  } catch (error) {
    throw new TidingsError("bad_request", `The data cannot be written as JSON: ${String(error)}`);
  }
}
