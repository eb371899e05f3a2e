/**
 * Keeps the page as tall as what can be seen. Where the keyboard covers the page instead of resizing it (iOS), only
 * `visualViewport` knows; the height goes into a custom property that the layout uses.
 */
import { useEffect } from "react";

export function useViewport(): void {
  useEffect(() => {
    const viewport = window.visualViewport;
    if (!viewport) return;
    const root = document.documentElement;
    const fit = () => {
      // Pinch zoom shrinks the visual viewport too; then the layout must stay as it is.
      const covered = viewport.scale === 1 && window.innerHeight - viewport.height > 1;
      if (covered) root.style.setProperty("--seen-height", `${viewport.height}px`);
      else root.style.removeProperty("--seen-height");
      if (covered) window.scrollTo(0, 0);
    };
    fit();
    viewport.addEventListener("resize", fit);
    return () => {
      viewport.removeEventListener("resize", fit);
      root.style.removeProperty("--seen-height");
    };
  }, []);
}
