// Builds dist/tidings.js, the one self-contained ES module that the server hands out at /tidings.js,
// and tells vitest where the tests are. The package itself is built by plain tsc.
import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    lib: { entry: "src/websocket-service.ts", formats: ["es"], fileName: () => "tidings.js" },
    // tsc has just written the package's own files here.
    emptyOutDir: false,
    // Vite leaves the whitespace of ES libraries alone; this file goes to browsers as it is.
    rolldownOptions: { output: { minify: true } },
    target: "es2022",
  },
  test: { include: ["src/**/*.test.ts"], environment: "node", testTimeout: 60_000 },
});
