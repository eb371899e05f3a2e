// Fails the build when what a first visit loads outgrows its budget (gzip, as a proxy would send it).
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES_MAX = { ".js": 150_000, ".css": 15_000 };
const assets = fileURLToPath(new URL("../dist/assets/", import.meta.url));
const files = readdirSync(assets);

for (const [ending, bytesMax] of Object.entries(BUDGET_BYTES_MAX)) {
  const bytes = files
    .filter((file) => file.endsWith(ending))
    .reduce((sum, file) => sum + gzipSync(readFileSync(assets + file)).length, 0);
  console.log(`${ending} ${bytes} of at most ${bytesMax} bytes gzip`);
  if (bytes > bytesMax) {
    console.error(`The page's ${ending} files are over their budget of ${bytesMax} bytes. Take something out.`);
    process.exitCode = 1;
  }
}
