// Types into a server as many editors do at once, and prints as JSON what it cost and how long it took. The plan comes as JSON on stdin:
// {wire, url, origin, pid, ticks_per_s, seats: [{room, schema?, ticket?}], editors, letters_per_s, cursors, warm_s, window_s}
import fs from "node:fs";
import { Editor, Tally } from "./editor.mjs";

const OPEN_AT_ONCE = 8;
const PATIENCE_MS = 15_000;
const SETTLE_MS = 1_500;
const plan = JSON.parse(fs.readFileSync(0, "utf8"));
const tally = new Tally();
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Processor time of the server in microseconds.
function spent() {
  const fields = fs.readFileSync(`/proc/${plan.pid}/stat`, "utf8").split(") ")[1].split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / plan.ticks_per_s;
}

// Memory of the server in KiB.
const resident = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${plan.pid}/status`, "utf8"))[1]);

const percentile = (values, share) => {
  const ordered = Float64Array.from(values).sort();
  return ordered.length ? ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] : null;
};

async function open(editors) {
  for (let at = 0; at < editors.length; at += OPEN_AT_ONCE)
    await Promise.all(editors.slice(at, at + OPEN_AT_ONCE).map((editor) => editor.open()));
}

// Keys come evenly, in an order that is no room's.
function type(editors, seconds) {
  const each = editors.length * plan.letters_per_s;
  const total = Math.round(each * seconds);
  const order = editors.map((editor) => [Math.random(), editor]).sort(([one], [other]) => one - other);
  const began = performance.now();
  let done = 0;
  return new Promise((resolve) => {
    const tick = () => {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * each));
      for (let turn = 0; done < due && turn < 200; turn++) order[done++ % order.length][1].type();
      if (done >= total) resolve();
      else if (done < due) setImmediate(tick);
      else setTimeout(tick, 1);
    };
    tick();
  });
}

// Whoever calls sees in `received` whether everything came.
async function untilSeen(expected) {
  const ends = performance.now() + PATIENCE_MS;
  while (tally.received < expected && performance.now() < ends) await wait(5);
}

const editors = plan.seats.map((seat) => new Editor(seat, plan, tally));
await open(editors.slice(0, 1)); // what the first connection costs is nobody's share
await wait(SETTLE_MS);
const empty = resident();
await open(editors.slice(1));
for (const editor of editors) editor.begin();
await wait(SETTLE_MS);
const full = resident();
await type(editors, plan.warm_s);
tally.on = true;
const [before, own] = [spent(), process.cpuUsage()];
const began = performance.now();
await type(editors, plan.window_s);
await untilSeen(tally.typed * (plan.editors - 1));
const after = spent();
const mine = process.cpuUsage(own);
const result = {
  typed: tally.typed,
  received: tally.received,
  cpu_us: (after - before) / tally.typed,
  generator_busy: (mine.user + mine.system) / 1000 / (performance.now() - began),
  memory_kib: (full - empty) / (editors.length - 1),
  seen_p50_ms: percentile(tally.seen, 0.5),
  seen_p99_ms: percentile(tally.seen, 0.99),
  ack_p50_ms: percentile(tally.confirmed, 0.5),
  ack_p99_ms: percentile(tally.confirmed, 0.99),
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
