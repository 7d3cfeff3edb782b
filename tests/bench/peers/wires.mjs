// How each server wants to be spoken to. All carry y-protocols; they differ in the envelope, the greeting, and what "stored" looks like.
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

export const SYNC = 0;
export const AWARENESS = 1;
export const STEP1 = 0;
export const STEP2 = 1;
export const UPDATE = 2;
const EMPTY_STATE = Uint8Array.of(0);

const written = (write) => encoding.encode(write);

export const sync = (kind, payload) =>
  written((out) => {
    encoding.writeVarUint(out, SYNC);
    encoding.writeVarUint(out, kind);
    encoding.writeVarUint8Array(out, payload);
  });

export const awareness = (client, clock, state) =>
  written((out) => {
    encoding.writeVarUint(out, AWARENESS);
    encoding.writeVarUint8Array(
      out,
      written((entry) => {
        for (const number of [1, client, clock]) encoding.writeVarUint(entry, number);
        encoding.writeVarString(entry, JSON.stringify(state));
      }),
    );
  });

const inRoom = (room, message) =>
  written((out) => {
    encoding.writeVarString(out, room);
    encoding.writeUint8Array(out, message);
  });

const token = written((out) => {
  encoding.writeVarUint(out, 2); // a message of kind "auth"
  encoding.writeVarUint(out, 0); // a token
  encoding.writeVarString(out, "bench");
});

// kinds: what a message number of this wire means to the generator; missing numbers are passed over.
const plain = { 0: "sync", 1: "awareness" };

export const WIRES = {
  note: {
    kinds: { ...plain, 100: "acked", 101: "hello" },
    path: () => "/ws/note",
    wrap: (_, message) => message,
    enter: (_) => undefined,
    greeting: (editor, ticket) => [JSON.stringify({ ticket, schema: editor.seat.schema })],
    greeted: () => [sync(STEP1, EMPTY_STATE)],
    asks: true,
  },
  hocuspocus: {
    kinds: { ...plain, 4: "sync", 8: "accepted" },
    path: () => "/",
    wrap: inRoom,
    enter: (decoder) => decoding.readVarString(decoder),
    greeting: () => [token, sync(STEP1, EMPTY_STATE)],
    asks: true,
  },
  "y-websocket": {
    kinds: plain,
    path: (room) => `/${room}`,
    wrap: (_, message) => message,
    enter: (_) => undefined,
    greeting: () => [sync(STEP1, EMPTY_STATE)],
    asks: true,
  },
  "fan-out": {
    kinds: plain,
    path: (room) => `/${room}`,
    wrap: (_, message) => message,
    enter: (_) => undefined,
    greeting: () => [],
    asks: false,
  },
};
