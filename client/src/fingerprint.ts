/**
 * A short mark of a text, to notice that what lies in storage is not what was written: length and 32-bit FNV-1a.
 * It guards against torn and racing writes, not against an attacker. A hash can be continued where a text was extended.
 */

export const HASH_START = 0x811c9dc5;

/** The hash of a text, or of all that came before and this text. */
export function hashOf(text: string, before: number = HASH_START): number {
  let hash = before;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

export function fingerprint(text: string): string {
  return fingerprintOf(text.length, hashOf(text));
}

export function fingerprintOf(length: number, hash: number): string {
  return `${length.toString(36)}.${hash.toString(36)}`;
}
