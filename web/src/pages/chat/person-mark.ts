/** A person's mark: initials and a hue. Both depend on nothing but name and id. */

/** Hues apart enough to tell people by; neighbours on the wheel look alike. */
const HUES = [20, 50, 85, 135, 165, 195, 230, 260, 290, 325, 350] as const;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

export function hueOf(seed: string): number {
  let hash = 2166136261;
  for (let at = 0; at < seed.length; at += 1) hash = Math.imul(hash ^ seed.charCodeAt(at), 16777619);
  return HUES[(hash >>> 0) % HUES.length] ?? HUES[0];
}

/** First sign of the first and of the last word; empty for an empty name. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => word !== "");
  const first = firstSign(words[0]);
  const last = words.length > 1 ? firstSign(words.at(-1)) : "";
  return (first + last).toLocaleUpperCase();
}

function firstSign(word: string | undefined): string {
  if (word === undefined) return "";
  for (const { segment } of graphemes.segment(word)) return segment;
  return "";
}
