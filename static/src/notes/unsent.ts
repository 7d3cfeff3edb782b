/** What an update says that was never sent, and whether it still fits the document that it was typed into. It knows no DOM. */
import * as Y from "yjs";

/** The words that it adds, in the order of their typing; a new paragraph begins a new line. */
export const wordsIn = (update: Uint8Array): string =>
  Y.decodeUpdate(update)
    .structs.map((struct) => {
      if (!(struct instanceof Y.Item)) return "";
      if (struct.content instanceof Y.ContentString) return struct.content.str;
      return struct.content instanceof Y.ContentType && struct.content.type instanceof Y.XmlElement ? "\n" : "";
    })
    .join("")
    .trim();

/** Whether everything that it rests on is there: a database that was set back may lack some of it. */
export const fits = (doc: Y.Doc, update: Uint8Array): boolean => {
  const trial = new Y.Doc();
  Y.applyUpdate(trial, Y.encodeStateAsUpdate(doc));
  Y.applyUpdate(trial, update);
  const { pendingStructs, pendingDs } = trial.store;
  trial.destroy();
  return pendingStructs === null && pendingDs === null;
};
