/** Bundles test/*.test.ts(x) for Node and runs them with its own test runner; arguments choose files by the beginning of their name. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ONE_TEST_MS = 120_000; // a test that leaves something open would never end
const HERE = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const sources = readdirSync(HERE)
  .filter((name) => /\.test\.tsx?$/.test(name))
  .filter((name) => wanted.length === 0 || wanted.some((start) => name.startsWith(start)));

const outdir = mkdtempSync(join(tmpdir(), "consilium-test-"));
try {
  await build({
    entryPoints: sources.map((name) => join(HERE, name)),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    sourcemap: "inline",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { SPRITE: '"sprite.svg"', METER_WORKLET: '"meter.worklet.js"', ENGINE: '"engine.js"' },
    logLevel: "warning",
  });
  const files = readdirSync(outdir).map((name) => join(outdir, name));
  process.exitCode =
    spawnSync(
      process.execPath,
      ["--enable-source-maps", "--test", `--test-timeout=${ONE_TEST_MS}`, "--test-reporter=spec", ...files],
      { stdio: "inherit" },
    ).status ?? 1;
} finally {
  rmSync(outdir, { recursive: true });
}
