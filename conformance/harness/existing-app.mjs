/** An app that was there before: it has a secret of its own and makes its own tokens with it. */
import { createHmac } from "node:crypto";

/** What `TIDINGS_JWT_SECRET` is set to for a server that is to accept its tokens. */
export const SECRET = "the secret of an app that has been there for years";

/** An HS256 token with these claims. */
export function signed(claims, secret = SECRET) {
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** A part of a token. */
export function part(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
