/** What may be shown as an attachment. Addresses come from strangers, so only known schemes are ever used. */

export type Media =
  | { kind: "image" | "video" | "audio"; url: string }
  | { kind: "file"; url: string; label: string }
  | { kind: "unknown"; label: string };

type Shown = "image" | "video" | "audio";

const LABEL_CHARS_MAX = 60;
const DATA_IMAGE = /^data:image\/(png|jpe?g|gif|webp|avif|bmp);base64,/i;
const DATA_SOUND_OR_FILM = /^data:(audio|video)\/[a-z0-9.+-]+(;[a-z0-9=".,+ -]+)?;base64,/i;
const ENDINGS: Record<string, Shown> = {
  ...{ png: "image", jpg: "image", jpeg: "image", gif: "image", webp: "image", avif: "image", bmp: "image" },
  ...{ mp4: "video", webm: "video", mov: "video", m4v: "video", ogv: "video" },
  ...{
    mp3: "audio",
    m4a: "audio",
    ogg: "audio",
    oga: "audio",
    opus: "audio",
    wav: "audio",
    flac: "audio",
    aac: "audio",
  },
};

/** Reads `media` of an item: null when there is none, never an address that could run something. */
export function readMedia(value: unknown, base: string): Media | null {
  if (value === null || typeof value !== "object") return null;
  const { url, type } = value as { url?: unknown; type?: unknown };
  if (typeof url !== "string" || url.trim() === "") return null;
  const label = readLabel(type);
  const kind = kindOf(type, url);
  const address = mediaAddress(url.trim(), base);
  if (address === null) return { kind: "unknown", label };
  if (kind !== null) return { kind, url: address };
  return address.startsWith("data:") ? { kind: "unknown", label } : { kind: "file", url: address, label };
}

function readLabel(type: unknown): string {
  return typeof type === "string" ? Array.from(type.trim()).slice(0, LABEL_CHARS_MAX).join("") : "";
}

function kindOf(type: unknown, url: string): Shown | null {
  const major = typeof type === "string" ? (type.trim().toLowerCase().split("/")[0] ?? "") : "";
  if (major === "image" || major === "video" || major === "audio") return major;
  if (major === "photo" || major === "picture") return "image";
  if (major === "voice") return "audio";
  if (major !== "") return null;
  const fromData = /^data:(image|video|audio)\//i.exec(url)?.[1]?.toLowerCase();
  if (fromData !== undefined) return fromData as Shown;
  const ending = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase();
  return (ending !== undefined && ENDINGS[ending]) || null;
}

/** The address in full, or null if its scheme is not allowed. Relative addresses belong to this server. */
export function mediaAddress(url: string, base: string): string | null {
  if (DATA_IMAGE.test(url) || DATA_SOUND_OR_FILM.test(url)) return url;
  return webAddress(url, base);
}

/** An http(s) address without a user name in it, or null. */
export function webAddress(url: string, base?: string): string | null {
  const parsed = parse(url, base);
  if (parsed === null || (parsed.protocol !== "https:" && parsed.protocol !== "http:")) return null;
  return parsed.username === "" && parsed.password === "" ? parsed.href : null;
}

function parse(url: string, base: string | undefined): URL | null {
  try {
    return new URL(url, base);
  } catch {
    return null;
  }
}
