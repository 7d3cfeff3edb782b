/** Bundles src/, css/ and icons/ into dist/ with hashed names, a manifest and compressed siblings; fails when an entry is over its budget. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "esbuild";
import { names } from "./icons/names.mjs";
import { sprite } from "./icons/sprite.mjs";
import { stringsOf } from "./strings.mjs";

const ROOT = dirname(fileURLToPath(import.meta.url));
const DIST = process.argv[2] ?? join(ROOT, "dist");
/** Filled first and moved into place at the end, so that nobody meets half a build. */
const FRESH = `${DIST}.${process.pid}`;
const TARGET = ["chrome111", "firefox115", "safari16.4"];

/** Entry name: [source, budget in bytes of gzip, counted with everything it imports, at once or later, but for LATER]. */
const PAGES = {
  welcome: ["src/pages/welcome.ts", 12_000],
  passkey: ["src/pages/passkey.ts", 3_000],
  form: ["src/pages/form.ts", 12_000],
  times: ["src/pages/times.ts", 12_000],
  paid: ["src/pages/paid.ts", 6_000],
  questions: ["src/pages/questions.ts", 6_000],
  camera: ["src/pages/camera.ts", 12_000],
  microphone: ["src/pages/microphone.ts", 12_000],
  speaker: ["src/pages/speaker.ts", 12_000],
  network: ["src/pages/network.ts", 12_000],
  player: ["src/pages/player.ts", 6_000],
};
const ROOM = { room: ["src/call/room.tsx", 39_640] };
const STAFF = { desk: ["src/desk/desk.tsx", 58_430], today: ["src/today/today.tsx", 50_000] };
/** Beside every other page of a professional, and one file, because they share nothing. */
const ASKED = { asked: ["src/today/askedpage.tsx", 13_500] };
const STYLES = {
  "app.css": ["css/app.css", 10_000],
  "my.css": ["css/my.css", 3_000],
  "book.css": ["css/book.css", 3_000],
  "questions.css": ["css/questions.css", 1_500],
  "call.css": ["css/call.css", 10_000],
  "staff.css": ["css/staff.css", 10_000],
};
const ENTRIES = { ...PAGES, ...ROOM, ...STAFF, ...ASKED, ...STYLES };
/** Not counted: what a page fetches when it stands already, and does without until then. */
const LATER = ["src/notes/notes.tsx", "src/call/sending.ts"];
/** Entries of one group share chunks. A patient's page is one file: on a slow network a request costs more than repeated bytes. */
const GROUPS = [...Object.entries(PAGES).map(([name, entry]) => ({ [name]: entry })), ROOM, STAFF, ASKED, STYLES];
/**
 * Self-contained files whose names pages learn by a constant: what runs outside the page, and what a page fetches later (LATER) but must not
 * share chunks with, because to be cut up would cost the page more than the part repeats.
 */
const WORKERS = { METER_WORKLET: "src/media/meter.worklet.ts", ENGINE: "src/call/engine.ts" };

const options = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  outdir: FRESH,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  metafile: true,
  target: TARGET,
  legalComments: "none",
  logLevel: "warning",
};

const writeHashed = async (name, text) => {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const file = name.replace(".", `-${hash}.`);
  await writeFile(join(FRESH, file), text);
  return file;
};

/** Pictures by their name in the manifest. */
const buildPictures = async () => ({
  "sprite.svg": await writeHashed("sprite.svg", await sprite()),
  "icon.svg": await writeHashed("icon.svg", await readFile(join(ROOT, "icons/icon.svg"))),
});

const buildWorkers = async () => {
  const built = await build({ ...options, entryPoints: Object.values(WORKERS), format: "esm" });
  const files = Object.entries(built.metafile.outputs);
  const fileOf = (source) => files.find(([, output]) => output.entryPoint === source)[0];
  return Object.fromEntries(Object.entries(WORKERS).map(([constant, source]) => [constant, basename(fileOf(source))]));
};

const buildGroup = (group, constants_) =>
  build({
    ...options,
    entryPoints: Object.values(group).map(([source]) => source),
    format: "esm",
    splitting: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    define: Object.fromEntries(Object.entries(constants_).map(([name, file]) => [name, JSON.stringify(file)])),
  });

const buildEntries = async (constants_) => {
  const built = await Promise.all(GROUPS.map((group) => buildGroup(group, constants_)));
  return Object.assign({}, ...built.map(({ metafile }) => metafile.outputs));
};

const AT_ONCE = ["import-statement"];
const ALL = [...AT_ONCE, "dynamic-import"];

/** The outputs that `first` imports by the given kinds of import, itself first; `without`: sources that are left out. */
const closure = (outputs, first, kinds, without = []) => {
  const found = new Set([first]);
  for (const path of found) {
    for (const { path: next, kind } of outputs[path].imports)
      if (kinds.includes(kind) && outputs[next] && !without.includes(outputs[next].entryPoint)) found.add(next);
  }
  return [...found];
};

const sourcesOf = (outputs, paths) =>
  paths.flatMap((path) => Object.keys(outputs[path].inputs)).filter((path) => path.startsWith("src/"));

const compress = async (file) => {
  const bytes = await readFile(join(FRESH, file));
  const [zipped, brotli] = await Promise.all([
    promisify(gzip)(bytes, { level: 9 }),
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  ]);
  await Promise.all([writeFile(join(FRESH, `${file}.gz`), zipped), writeFile(join(FRESH, `${file}.br`), brotli)]);
  return zipped.length;
};

const describe = async (outputs, sizes, source) => {
  const path = Object.keys(outputs).find((name) => outputs[name].entryPoint === source);
  const counted = closure(outputs, path, ALL, LATER);
  return {
    file: basename(path),
    preload: closure(outputs, path, AT_ONCE)
      .slice(1)
      .map((name) => basename(name)),
    gzip: counted.reduce((sum, name) => sum + sizes[basename(name)], 0),
    strings: await stringsOf(ROOT, sourcesOf(outputs, closure(outputs, path, ALL))),
  };
};

const overBudget = (manifest) =>
  Object.entries(ENTRIES)
    .map(([name, [, budget]]) => [name, manifest[name].gzip, budget])
    .filter(([, size, budget]) => size > budget)
    .map(([name, size, budget]) => `${name}: ${size} bytes of gzip, the budget is ${budget}`);

const buildAll = async () => {
  await mkdir(FRESH, { recursive: true });
  const [pictures, workers] = await Promise.all([buildPictures(), buildWorkers()]);
  const outputs = await buildEntries({ SPRITE: pictures["sprite.svg"], ...workers });
  const built = [...Object.values(workers), ...Object.keys(outputs).map((path) => basename(path))];
  const files = [...Object.values(pictures), ...built];
  const sizes = Object.fromEntries(await Promise.all(files.map(async (file) => [file, await compress(file)])));
  const manifest = {};
  for (const [name, file] of Object.entries(pictures))
    manifest[name] = { file, preload: [], gzip: sizes[file], strings: [] };
  manifest["sprite.svg"].icons = names;
  for (const [name, [source]] of Object.entries(ENTRIES)) manifest[name] = await describe(outputs, sizes, source);
  await writeFile(join(FRESH, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
  for (const [name, { gzip: size }] of Object.entries(manifest))
    console.log(`${name.padEnd(12)} ${String(size).padStart(7)} bytes gzip`);
  const faults = overBudget(manifest);
  if (faults.length > 0) throw new Error(`over budget\n${faults.join("\n")}`);
};

try {
  await buildAll();
  await rm(DIST, { recursive: true, force: true });
  await rename(FRESH, DIST);
} finally {
  await rm(FRESH, { recursive: true, force: true });
}
