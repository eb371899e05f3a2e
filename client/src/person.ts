/**
 * Who is logged in on this page, looked up anew each time it matters: pages log in and out without saying so, and the
 * tab that writes `localStorage.authToken` gets no event from its own write.
 */
import type { Environment } from "./environment.ts";
import { type Who, whoIs } from "./identity.ts";
import { TOKEN_LOOK_MS } from "./limits.ts";

/** What a look found: nothing new, another token of the same person, or another person (or the first). */
export type Look = "same" | "fresh token" | "another person";

export class Person {
  readonly #env: Environment;
  readonly #server: string;
  #who: Who | null = null;
  #token: string | null = null;

  constructor(env: Environment, server: string) {
    this.#env = env;
    this.#server = server;
  }

  /** Empty before the first look. */
  get who(): Who {
    return this.#who ?? "";
  }

  get token(): string | null {
    return this.#token;
  }

  get isKnown(): boolean {
    return this.#who !== null;
  }

  look(): Look {
    const token = this.#env.token();
    if (this.#who !== null && token === this.#token) return "same";
    const who = whoIs(this.#server, token);
    const isOther = who !== this.#who;
    this.#who = who;
    this.#token = token;
    return isOther ? "another person" : "fresh token";
  }

  /** Calls every now and then; returns the function that ends it. */
  lookRegularly(look: () => void): () => void {
    let cancel = (): void => {};
    const plan = (): void => {
      cancel = this.#env.timers.after(TOKEN_LOOK_MS, () => {
        look();
        plan();
      });
    };
    plan();
    return () => cancel();
  }
}
