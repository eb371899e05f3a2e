/** Finds the links in a message. Only web and mail addresses become links; everything else stays text. */
import { LinkifyIt } from "linkify-it";
import { webAddress } from "./media";

/** `at` is where the piece begins in the text. */
export type Piece = { at: number; text: string } & ({ kind: "text" } | { kind: "link"; href: string });

/** More links than this in one message are left as text: nobody reads them, and each costs an element. */
const LINKS_MAX = 200;

/** Endings that make a bare name a link. Short on purpose: `main.rs` and `notes.md` in a sentence are files. */
const ENDINGS =
  "com org net edu gov int info io dev app chat cloud eu uk de fr es it nl se no fi pl ch at br jp ca au".split(" ");

const finder = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, tlds: ENDINGS });

/** The text cut into pieces; put together again they are the text. */
export function pieces(text: string): Piece[] {
  const found = finder.match(text) ?? [];
  const out: Piece[] = [];
  let from = 0;
  for (const match of found.slice(0, LINKS_MAX)) {
    const href = linkAddress(match.schema === "" ? match.url.replace(/^http:/i, "https:") : match.url);
    if (href === null) continue;
    if (match.index > from) out.push({ at: from, kind: "text", text: text.slice(from, match.index) });
    out.push({ at: match.index, kind: "link", text: text.slice(match.index, match.lastIndex), href });
    from = match.lastIndex;
  }
  if (from < text.length) out.push({ at: from, kind: "text", text: text.slice(from) });
  return out;
}

function linkAddress(url: string): string | null {
  return /^mailto:[^\s@]+@[^\s@]+$/i.test(url) ? url : webAddress(url);
}
