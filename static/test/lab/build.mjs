/** Bundles the pages of the fake calls into the folder of the first argument. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

await build({
  entryPoints: ["page.tsx", "team.ts"].map((name) => join(here, name)),
  outdir: process.argv[2],
  bundle: true,
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  define: { SPRITE: '"sprite.svg"', METER_WORKLET: '"meter.worklet.js"', ENGINE: '"engine.js"' },
  logLevel: "warning",
});
