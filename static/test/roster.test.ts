import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apply, emptyRoster, gateOpen, partners, placeOf, type Roster, type RosterFrame } from "../src/call/roster.ts";
import type { ConsultationState, Message, Participant, Role, Stage } from "../src/lib/wire.ts";

const person = (id: string, role: Role, stage: Stage, more: Partial<Participant> = {}): Participant => ({
  id,
  name: id,
  role,
  relation: null,
  companion: null,
  stage,
  present: true,
  peer: `peer-${id}`,
  mic: true,
  camera: true,
  screen: false,
  hand: false,
  quiet: false,
  since: null,
  devices: null,
  booked_as: null,
  ...more,
});

const message = (id: number): Message => ({
  id,
  from: "dana",
  name: "Dana",
  body: `m${id}`,
  at: "2025-11-23T10:00:00Z",
});

const roster = (
  participants: Participant[],
  state: ConsultationState = "waiting",
  messages: Message[] = [],
): Roster => ({
  consultation: { id: "c", state, started_at: null, outcome: null },
  route: { path: "p2p", epoch: 0, settled: true },
  recording: emptyRoster.recording,
  participants,
  messages,
});

/** A small generator with a seed, so that a failure can be repeated. */
const chance = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
};

const STAGES: Stage[] = ["away", "waiting", "in_call", "left", "refused"];
const IDS = ["dana", "alice", "bob"];

const randomRoster = (pick: (below: number) => number, lastMessage: number): Roster =>
  roster(
    IDS.filter(() => pick(4) > 0).map((id) =>
      person(id, id === "dana" ? "patient" : "professional", STAGES[pick(5)] as Stage, {
        present: pick(2) === 0,
        peer: pick(3) === 0 ? null : `peer-${id}-${pick(3)}`,
        hand: pick(2) === 0,
      }),
    ),
    (["scheduled", "waiting", "active", "ended"] as const)[pick(4)] as ConsultationState,
    Array.from({ length: lastMessage + pick(3) }, (_, index) => message(index + 1)),
  );

/** What the server does (view.py): the events that lead from one view to the next, in any order of people. */
const events = (before: Roster, after: Roster): RosterFrame[] => {
  const gone = before.participants.filter(({ id }) => !after.participants.some((each) => each.id === id));
  const changed = after.participants.filter(
    (now) => JSON.stringify(before.participants.find(({ id }) => id === now.id)) !== JSON.stringify(now),
  );
  const said = after.messages.filter(({ id }) => !before.messages.some((each) => each.id === id));
  return [
    { t: "consultation", b: after.consultation },
    ...gone.map(({ id }) => ({ t: "gone", b: { id } }) as const),
    ...changed.map((b) => ({ t: "participant", b }) as const),
    ...said.map((b) => ({ t: "message", b }) as const),
  ];
};

const sorted = ({ participants, ...rest }: Roster) => ({
  ...rest,
  participants: [...participants].sort((one, other) => one.id.localeCompare(other.id)),
});

describe("snapshot and events [V4]", () => {
  test("together are a fresh snapshot, whatever happens in the room", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const pick = chance(seed);
      let truth = randomRoster(pick, 0);
      let shown = truth;
      for (let turn = 0; turn < 12; turn += 1) {
        const next = randomRoster(pick, truth.messages.length);
        for (const event of events(truth, next)) shown = apply(shown, event);
        truth = next;
        assert.deepEqual(sorted(shown), sorted(truth), `seed ${seed}, turn ${turn}`);
      }
    }
  });

  test("do not change the value they are applied to", () => {
    const before = roster([person("dana", "patient", "waiting")]);
    const copy = structuredClone(before);
    apply(before, { t: "participant", b: person("dana", "patient", "in_call") });
    apply(before, { t: "gone", b: { id: "dana" } });
    apply(before, { t: "message", b: message(1) });
    assert.deepEqual(before, copy);
  });

  test("a message that comes twice is there once", () => {
    const once = apply(roster([]), { t: "message", b: message(1) });
    assert.equal(apply(once, { t: "message", b: message(1) }).messages.length, 1);
  });
});

describe("who is connected to whom [V4]", () => {
  const dana = (stage: Stage) => person("dana", "patient", stage);
  const alice = (stage: Stage) => person("alice", "professional", stage);
  const bob = (stage: Stage) => person("bob", "professional", stage);
  const ids = (people: Participant[]) => people.map(({ id }) => id);

  test("the patient and the seated professional, already while the patient waits", () => {
    const waiting = roster([dana("waiting"), alice("in_call"), bob("away")]);
    assert.deepEqual(ids(partners(waiting, "dana")), ["alice"]);
    assert.deepEqual(ids(partners(waiting, "alice")), ["dana"]);
  });

  test("a colleague at the desk, and a professional who has not sat down, are not connected", () => {
    const waiting = roster([dana("waiting"), alice("in_call"), bob("away")]);
    assert.deepEqual(partners(waiting, "bob"), []);
    assert.deepEqual(partners(roster([dana("waiting"), alice("away")]), "alice"), []);
  });

  test("nobody, once the patient left or was refused, or the consultation ended", () => {
    for (const stage of ["left", "refused", "away"] as const)
      assert.deepEqual(partners(roster([dana(stage), alice("in_call")]), "alice"), []);
    assert.deepEqual(partners(roster([dana("in_call"), alice("in_call")], "ended"), "alice"), []);
  });

  test("the gate for sound and picture opens when the patient is let in", () => {
    assert.equal(gateOpen(roster([dana("waiting"), alice("in_call")]), "dana", alice("in_call")), false);
    assert.equal(gateOpen(roster([dana("in_call"), alice("in_call")]), "dana", alice("in_call")), true);
  });
});

describe("one's own place [V4]", () => {
  const at = (own: Participant, other: Participant, state?: ConsultationState) =>
    placeOf(roster([own, other], state), own.id);

  test("of a patient follows the stage", () => {
    const alice = person("alice", "professional", "in_call");
    assert.equal(at(person("dana", "patient", "waiting"), alice), "waiting");
    assert.equal(at(person("dana", "patient", "in_call"), alice), "in_call");
    assert.equal(at(person("dana", "patient", "refused"), alice), "refused");
    assert.equal(at(person("dana", "patient", "left"), alice), "waiting");
  });

  test("of a professional is in the call only with the patient in it", () => {
    const own = person("alice", "professional", "in_call");
    assert.equal(at(own, person("dana", "patient", "waiting")), "waiting");
    assert.equal(at(own, person("dana", "patient", "in_call")), "in_call");
    assert.equal(at({ ...own, stage: "away" }, person("dana", "patient", "in_call")), "waiting");
  });

  test("is ended for all when the consultation is over", () => {
    assert.equal(
      at(person("dana", "patient", "in_call"), person("alice", "professional", "in_call"), "ended"),
      "ended",
    );
  });
});
