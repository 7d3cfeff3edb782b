/** A note as the server lists it for its author. */
import type { Listed } from "../src/notes/listed.ts";

export const NOTE: Listed = {
  id: "note",
  kind: "shared",
  purpose: "original",
  number: 1,
  amends: null,
  reason: null,
  state: "draft",
  author: "Dr Alice Ahmed",
  mine: true,
  writable: true,
  may: ["see", "write", "sign", "lock"],
  signatures: [],
  released: false,
};
