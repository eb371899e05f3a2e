/** Messages of a few emoji and nothing else are shown large. */

const LARGE_COUNT_MAX = 3;
/** A family of four with skin tones is 25 code units; three of those is the longest text worth looking at. */
const CHARS_MAX = 90;
const EMOJI = /^(?:\p{Regional_Indicator}{2}|\p{Extended_Pictographic}|[#*0-9]\ufe0f?\u20e3)/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

export function isLargeEmoji(text: string): boolean {
  if (text === "" || text.length > CHARS_MAX) return false;
  const signs = [...graphemes.segment(text.replace(/\s/g, ""))];
  return signs.length > 0 && signs.length <= LARGE_COUNT_MAX && signs.every(({ segment }) => EMOJI.test(segment));
}
