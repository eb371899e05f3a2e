/**
 * A short mark of a text, to notice that what lies in storage is not what was written: length and 32-bit FNV-1a.
 * It guards against torn and racing writes, not against an attacker.
 */
export function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return `${text.length.toString(36)}.${(hash >>> 0).toString(36)}`;
}
