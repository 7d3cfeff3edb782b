/** Bundles the page of the fake call into the folder of the first argument. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

await build({
  entryPoints: [join(dirname(fileURLToPath(import.meta.url)), "page.tsx")],
  outfile: join(process.argv[2], "page.js"),
  bundle: true,
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  define: { SPRITE: '"sprite.svg"', METER_WORKLET: '"meter.worklet.js"' },
  logLevel: "warning",
});
