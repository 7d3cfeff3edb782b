/** Finds the sentences for people in TypeScript sources: the literals of t() and plural(). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const LITERAL = /"(?:[^"\\\n]|\\.)*"/.source;
/** The same rule as in server/web/extract.py; a test holds the two together. */
const CALLS = new RegExp(`\\bt\\(\\s*(${LITERAL})|\\bplural\\(\\s*[^"]*?(${LITERAL}),\\s*${LITERAL}`, "g");

/** The msgids of one source text; a plural is known by its singular. */
export const findStrings = (text) =>
  [...text.matchAll(CALLS)].map(([, single, plural]) => JSON.parse(single ?? plural));

/** The sorted msgids of the files, without repetition. */
export const stringsOf = async (root, paths) => {
  const texts = await Promise.all(paths.map((path) => readFile(join(root, path), "utf8")));
  return [...new Set(texts.flatMap(findStrings))].sort();
};
