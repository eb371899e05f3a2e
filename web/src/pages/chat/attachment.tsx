/** What hangs on a message: a picture, a film, a sound, or a file to open. Addresses were judged by `media.ts`. */
import { useState } from "react";
import { AlertIcon, FileIcon } from "../../theme/icons";
import styles from "./attachment.module.css";
import type { Media } from "./media";
import { useTabIndex } from "./reachable";

/** Pictures seen once keep their shape here, so that coming back into view moves nothing. */
const shapes = new Map<string, string>();
const SHAPES_MAX = 500;

function rememberShape(url: string, width: number, height: number): void {
  if (shapes.size >= SHAPES_MAX) shapes.clear();
  if (width > 0 && height > 0) shapes.set(url, `${width} / ${height}`);
}

interface Props {
  media: Media;
  /** Who sent it, for the picture's description. */
  from: string;
  onOpen: (url: string) => void;
}

export function Attachment({ media, from, onOpen }: Props) {
  const tabIndex = useTabIndex();
  const [broken, setBroken] = useState(false);
  if (broken || media.kind === "unknown") {
    const what = media.kind === "unknown" ? (media.label === "" ? "attachment" : media.label) : media.kind;
    return (
      <span className={styles.card} data-broken="">
        <AlertIcon />
        <span>{broken ? `This ${what} cannot be loaded` : `Cannot show this here: ${what}`}</span>
      </span>
    );
  }
  switch (media.kind) {
    case "image":
      return (
        <button type="button" className={styles.picture} onClick={() => onOpen(media.url)} tabIndex={tabIndex}>
          <img
            src={media.url}
            alt={`Sent by ${from}`}
            loading="lazy"
            decoding="async"
            referrerPolicy="no-referrer"
            style={{ aspectRatio: shapes.get(media.url) }}
            onLoad={({ currentTarget: image }) => rememberShape(media.url, image.naturalWidth, image.naturalHeight)}
            onError={() => setBroken(true)}
          />
        </button>
      );
    case "video":
      return (
        // biome-ignore lint/a11y/useMediaCaption: what people send has no captions
        <video
          className={styles.video}
          src={media.url}
          controls
          preload="metadata"
          playsInline
          onError={() => setBroken(true)}
        />
      );
    case "audio":
      return (
        // biome-ignore lint/a11y/useMediaCaption: what people send has no captions
        <audio className={styles.audio} src={media.url} controls preload="metadata" onError={() => setBroken(true)} />
      );
    case "file":
      return (
        <a
          className={styles.card}
          href={media.url}
          target="_blank"
          rel="noopener noreferrer nofollow"
          tabIndex={tabIndex}
        >
          <FileIcon />
          <span>
            <strong>{fileName(media.url)}</strong>
            <small>{media.label === "" ? new URL(media.url).host : media.label}</small>
          </span>
        </a>
      );
  }
}

function fileName(url: string): string {
  const { pathname, host } = new URL(url);
  const last = pathname.split("/").filter(Boolean).at(-1);
  if (last === undefined) return host;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
