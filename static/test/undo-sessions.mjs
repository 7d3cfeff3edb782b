/**
 * Bundles undo-lab.ts for Node and runs it. `node test/undo-sessions.mjs 2 > ../tests/pure/undo_sessions.txt` makes what a test reads,
 * after a change of the schema or of the editor's libraries; `python -m tests.fuzz.undo` plays as many sessions as one likes.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const outdir = mkdtempSync(join(tmpdir(), "consilium-lab-"));
const outfile = join(outdir, "lab.mjs");
const entry = join(dirname(fileURLToPath(import.meta.url)), "undo-lab.ts");
try {
  await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm", logLevel: "warning" });
  process.exitCode = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(outdir, { recursive: true });
}
