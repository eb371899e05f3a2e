/** Light, dark, or as the system says. Remembered for this browser; other windows follow. */
import { useCallback, useEffect, useState } from "react";

export type Theme = "system" | "light" | "dark";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];
const KEY = "tidings.theme";
const BAR: Record<"light" | "dark", string> = { light: "#edf1f4", dark: "#0f1820" };

/** Storage may be switched off; then the choice lasts as long as the page. */
function remembered(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

function remember(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // No storage: nothing to keep.
  }
}

/** Puts the theme on the document. Called before the first render too, so that nothing flashes. */
export function applyTheme(theme: Theme = remembered()): void {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const ofSystem = meta.media.includes("dark") ? "dark" : "light";
    meta.content = BAR[theme === "system" ? ofSystem : theme];
  }
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(remembered);

  const choose = useCallback((next: Theme) => {
    remember(next);
    applyTheme(next);
    setTheme(next);
  }, []);

  useEffect(() => {
    const follow = (event: StorageEvent) => {
      if (event.key !== KEY) return;
      applyTheme();
      setTheme(remembered());
    };
    window.addEventListener("storage", follow);
    return () => window.removeEventListener("storage", follow);
  }, []);

  return [theme, choose];
}
