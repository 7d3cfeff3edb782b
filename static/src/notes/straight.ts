/** Makes what an undo brings back say truly between which two pieces it stands. */
import * as Y from "yjs";

type Beside = Map<Y.Item, Y.Item | null>;

const itemsOf = ({ doc, beforeState }: Y.Transaction): Y.Item[] => {
  const from = beforeState.get(doc.clientID) ?? 0;
  const structs = doc.store.clients.get(doc.clientID) ?? [];
  const fresh: Y.Item[] = [];
  for (let at = structs.length - 1; at >= 0; at -= 1) {
    const struct = structs[at];
    if (!struct || struct.id.clock < from) break;
    if (struct instanceof Y.Item && struct.parentSub === null) fresh.push(struct);
  }
  return fresh;
};

const beside = (known: Beside, item: Y.Item, side: "left" | "right"): Y.Item | null => {
  const other = known.get(item);
  return other === undefined ? item[side] : other;
};

/** Yjs names neighbours of what was deleted, which nobody need have seen side by side. Readers would then sort by what they read first,
 * and the server refuses it (docs/WIRE.md, 3.4). Here each new piece is between what it was put between, taken from the newest back to
 * the oldest, before anybody hears of it. */
const straighten = (change: Y.Transaction): void => {
  const lefts: Beside = new Map();
  const rights: Beside = new Map();
  for (const item of itemsOf(change)) {
    const left = beside(lefts, item, "left");
    const right = beside(rights, item, "right");
    item.origin = left?.lastId ?? null;
    item.rightOrigin = right?.id ?? null;
    if (left) rights.set(left, right);
    if (right) lefts.set(right, left);
  }
};

/** Does so for every undo and redo in a document. */
export const keepStraight = (doc: Y.Doc): void => {
  doc.on("beforeObserverCalls", (change: Y.Transaction) => {
    if (change.origin instanceof Y.UndoManager) straighten(change);
  });
};
