/** Which attachments are shown, as what, and which addresses are never used. */
import { describe, expect, test } from "vitest";
import { readMedia } from "./media";

const BASE = "http://localhost:3000/";
const PNG = "data:image/png;base64,iVBORw0KGgo=";

describe("what is shown", () => {
  test.each([
    [
      { url: PNG, type: "image" },
      { kind: "image", url: PNG },
    ],
    [{ url: PNG }, { kind: "image", url: PNG }],
    [
      { url: "https://a.example/x", type: "image/png" },
      { kind: "image", url: "https://a.example/x" },
    ],
    [{ url: "https://a.example/x.mp4" }, { kind: "video", url: "https://a.example/x.mp4" }],
    [{ url: "https://a.example/x.mp3?y" }, { kind: "audio", url: "https://a.example/x.mp3?y" }],
    [
      { url: "data:audio/webm;codecs=opus;base64,AA==", type: "audio" },
      { kind: "audio", url: "data:audio/webm;codecs=opus;base64,AA==" },
    ],
    [
      { url: "/files/a.png", type: "photo" },
      { kind: "image", url: "http://localhost:3000/files/a.png" },
    ],
    [
      { url: "https://a.example/x", type: "hologram" },
      { kind: "file", url: "https://a.example/x", label: "hologram" },
    ],
  ])("%j", (media, shown) => {
    expect(readMedia(media, BASE)).toEqual(shown);
  });
});

describe("what is never used as an address", () => {
  test.each([
    "javascript:alert(1)",
    " JavaScript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml;base64,AA==",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:http://localhost:3000/1",
    "https://user:secret@a.example/x.png",
    "http://",
  ])("%j", (url) => {
    expect(readMedia({ url, type: "image" }, BASE)).toEqual({ kind: "unknown", label: "image" });
  });

  test.each([null, undefined, "https://a.example/x.png", {}, { url: 5 }, { url: " " }, []])(
    "%j is no media",
    (media) => {
      expect(readMedia(media, BASE)).toBeNull();
    },
  );
});
