// One editor: a real Yjs document that types, behind a socket that notes when each letter was sent, confirmed, and seen by the others.
import * as decoding from "lib0/decoding";
import WebSocket from "ws";
import * as Y from "yjs";
import { awareness, STEP1, STEP2, sync, UPDATE, WIRES } from "./wires.mjs";

const SECTION = "plan";
const STRING = 4;
const now = () => performance.now();

// What all editors of a run write into: `seen` and `confirmed` are milliseconds of letters that were typed while `on`.
export class Tally {
  on = false;
  typed = 0;
  received = 0;
  seen = [];
  confirmed = [];
  editors = new Map();
}

export class Editor {
  constructor(seat, plan, tally) {
    this.seat = seat;
    this.wire = WIRES[plan.wire];
    this.plan = plan;
    this.tally = tally;
    this.doc = new Y.Doc();
    this.sentAt = []; // by clock; only letters that are measured
    this.waiting = []; // by order; when each message went, or undefined for one that is not measured
    this.acked = 0;
    this.pulse = 0;
  }

  // Resolves once the server has sent what it holds of the room.
  async open() {
    const ticket = this.seat.ticket ? await fetchTicket(this.seat.ticket) : undefined;
    const url = this.plan.url + this.wire.path(this.seat.room);
    this.socket = new WebSocket(url, { perMessageDeflate: false, origin: this.plan.origin });
    const ready = new Promise((resolve) => {
      this.ready = resolve;
    });
    this.socket.on("close", (code, reason) => {
      throw new Error(`closed ${code} ${reason}`);
    });
    this.socket.on("open", () => {
      for (const message of this.wire.greeting(this, ticket)) this.send(message);
      if (!this.wire.asks) this.ready();
    });
    this.socket.on("message", (data) => this.hear(data));
    await ready;
    this.tally.editors.set(this.doc.clientID, this);
  }

  // Each editor has a paragraph of its own, as people who write together mostly do.
  begin() {
    this.text = new Y.XmlText();
    const paragraph = new Y.XmlElement("paragraph");
    paragraph.insert(0, [this.text]);
    this.doc.on("update", (update) => this.send(sync(UPDATE, update)));
    this.waiting.push(undefined);
    this.doc.getXmlFragment(SECTION).insert(0, [paragraph]);
  }

  type() {
    const clock = Y.getState(this.doc.store, this.doc.clientID);
    const at = this.tally.on ? now() : undefined;
    if (this.tally.on) this.tally.typed += 1;
    this.sentAt[clock] = at;
    this.waiting.push(at);
    this.text.insert(this.text.length, "abcdefghijklmnopqrstuvwxyz"[clock % 26]);
    if (this.plan.cursors) this.send(awareness(this.doc.clientID, ++this.pulse, this.cursor(clock)));
  }

  // What an editor with carets says of itself at every key.
  cursor(clock) {
    const at = { type: null, tname: SECTION, item: { client: this.doc.clientID, clock }, assoc: 0 };
    return { cursor: { anchor: at, head: at }, section: SECTION, writing: true };
  }

  send(message) {
    this.socket.send(typeof message === "string" ? message : this.wire.wrap(this.seat.room, message));
  }

  hear(data) {
    const decoder = decoding.createDecoder(data);
    this.wire.enter(decoder);
    const kind = this.wire.kinds[decoding.readVarUint(decoder)];
    if (kind === "sync") this.synced(decoder);
    else if (kind === "acked") this.confirm(decoding.readVarUint(decoder));
    else if (kind === "accepted") this.confirm(this.acked + 1);
    else if (kind === "hello") {
      this.doc.clientID = JSON.parse(data.subarray(1).toString()).client_id;
      for (const message of this.wire.greeted()) this.send(message);
    }
  }

  synced(decoder) {
    const step = decoding.readVarUint(decoder);
    const payload = decoding.readVarUint8Array(decoder);
    if (step === STEP1) {
      this.waiting.push(undefined);
      this.send(sync(STEP2, Y.encodeStateAsUpdate(this.doc, payload)));
    } else if (step === STEP2) this.ready();
    else this.see(payload);
  }

  confirm(count) {
    const at = now();
    for (; this.acked < count; this.acked++) {
      const sent = this.waiting[this.acked];
      if (sent !== undefined) this.tally.confirmed.push(at - sent);
    }
  }

  see(update) {
    const at = now();
    for (const [client, clock, letters] of lettersOf(update)) {
      const author = client === this.doc.clientID ? undefined : this.tally.editors.get(client);
      for (let each = clock; author && each < clock + letters; each++) {
        const sent = author.sentAt[each];
        if (sent === undefined) continue;
        this.tally.received += 1;
        this.tally.seen.push(at - sent);
      }
    }
  }
}

async function fetchTicket({ url, headers, body }) {
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`no ticket: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).ticket;
}

// Yields [client, clock, how many] of each run of letters; a server may put several updates into one.
function* lettersOf(update) {
  const decoder = decoding.createDecoder(update);
  for (let clients = decoding.readVarUint(decoder); clients > 0; clients--) {
    let structs = decoding.readVarUint(decoder);
    const client = decoding.readVarUint(decoder);
    for (let clock = decoding.readVarUint(decoder); structs > 0; structs--) {
      const letters = lettersOfStruct(decoder);
      if (letters === 0) return; // not typing; nothing else is measured
      yield [client, clock, letters];
      clock += letters;
    }
  }
}

function lettersOfStruct(decoder) {
  const info = decoding.readUint8(decoder);
  const neighbours = (info & 0x80 ? 1 : 0) + (info & 0x40 ? 1 : 0);
  if ((info & 0x1f) !== STRING) return 0;
  for (let number = 0; number < 2 * neighbours; number++) decoding.readVarUint(decoder);
  if (neighbours === 0) {
    if (decoding.readVarUint(decoder) === 1) return 0;
    for (let number = 0; number < 2; number++) decoding.readVarUint(decoder);
  }
  return decoding.readVarString(decoder).length;
}
