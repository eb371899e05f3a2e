/**
 * The page's entry, loaded by `index.html`. The theme is set before the first paint, and a set-up secret leaves the
 * address before anything else can see it.
 */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { takeSetupSecret } from "./session/setup-link";
import { windowStorage } from "./session/window-storage";
import { useRoom } from "./sync/use-room";
import "./theme/tokens.css";
import "./theme/base.css";
import { applyTheme } from "./theme/use-theme";

applyTheme();
const setupSecret = takeSetupSecret(window);
const storage = windowStorage(window);
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

createRoot(root).render(
  <StrictMode>
    <App storage={storage} setupSecret={setupSecret} useRoom={useRoom} />
  </StrictMode>,
);
