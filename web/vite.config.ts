// Builds the page to `dist/`, which the server embeds: hashed names, nothing fetched from elsewhere.
// In development the page runs from Vite and speaks to a server on port 3001.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = "http://localhost:3001";

export default defineConfig({
  plugins: [react()],
  // The client is built from its source, so that the page never carries an older one than the tree does.
  resolve: {
    alias: [
      { find: /^tidings$/, replacement: fileURLToPath(new URL("../client/src/index.ts", import.meta.url)) },
      { find: /^tidings\/react$/, replacement: fileURLToPath(new URL("../client/src/react.ts", import.meta.url)) },
    ],
  },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": server, "/socket.io": { target: server, ws: true } } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["test/setup.ts"],
    css: false,
    isolate: false,
  },
});
