import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CallState, newCall } from "../src/call/model.ts";
import { groupOf } from "../src/call/people.tsx";
import { crossingWords, spoken } from "../src/call/voice.ts";
import { personWords, roleWords, withWords } from "../src/call/words.ts";
import { type Colleague, type GuestRequests, Guests, type Invitation } from "../src/desk/guests.ts";
import type { Participant, Stage } from "../src/lib/wire.ts";
import { LOCAL, person, snapshot } from "./fake-call.ts";
import { settle } from "./fake-timers.ts";

const carla = (stage: Stage, more: Partial<Participant> = {}): Participant =>
  person("carla", stage, { name: "Carla", role: "guest", relation: "carer", ...more });

const INVITATION: Invitation = { name: "Carla", relation: "carer", mobile: null, email: null };

const KNOWN = { link: "https://x", qr_svg: "<svg/>", mobile: "+44 1234", email: null };

const call = (participants: Participant[], change: Partial<CallState> = {}): CallState => ({
  ...newCall(LOCAL),
  phase: "live",
  line: "open",
  me: person("dana", "in_call"),
  roster: snapshot(participants),
  ...change,
});

const rig = (broken: Partial<GuestRequests> = {}) => {
  const asked: unknown[] = [];
  const note =
    <T>(name: string, answer: T) =>
    async (...given: unknown[]): Promise<T> => {
      asked.push([name, ...given]);
      return answer;
    };
  const guests = new Guests({
    requests: {
      invite: note("invite", { id: "g", link: "https://x", qr_svg: "<svg/>", sent: [] }),
      withdraw: note("withdraw", undefined),
      link: note("link", KNOWN),
      send: note("send", undefined),
      colleagues: note("colleagues", [{ id: "bob", name: "Bob", invited: false }]),
      askColleague: note("askColleague", undefined),
      ...broken,
    },
    command: note("command", undefined),
    say: (text) => asked.push(["say", text]),
  });
  return { guests, asked };
};

const refuse = async (): Promise<never> => {
  throw new Error("This is not a mobile number.");
};

describe("inviting", () => {
  test("ends in the link of the guest", async () => {
    const { guests } = rig();
    guests.invite();
    await guests.sendInvitation(INVITATION);
    const open = guests.dialog.value;
    assert.deepEqual([open?.kind, open?.kind === "invited" && open.made.link], ["invited", "https://x"]);
  });

  test("a refusal stays in the form with the server's sentence", async () => {
    const { guests } = rig({ invite: refuse });
    guests.invite();
    await guests.sendInvitation(INVITATION);
    assert.deepEqual([guests.dialog.value?.kind, guests.error.value], ["invite", "This is not a mobile number."]);
  });

  test("without an answer about colleagues there is the link still", async () => {
    const { guests } = rig({ colleagues: refuse });
    guests.invite();
    await settle();
    assert.deepEqual([guests.dialog.value?.kind, guests.error.value], ["invite", null]);
    assert.deepEqual(guests.colleagues.value, []);
  });

  test("a colleague is asked, and that is said", async () => {
    const { guests, asked } = rig();
    guests.invite();
    await settle();
    await guests.sendToColleague(guests.colleagues.value[0] as Colleague);
    assert.equal(guests.dialog.value, null);
    assert.deepEqual(asked.at(-1), ["say", "Bob has been asked to join."]);
  });
});

describe("the link once more", () => {
  test("is shown as it is, and sent, and that is said", async () => {
    const { guests, asked } = rig();
    guests.link(carla("away"));
    await settle();
    assert.deepEqual(guests.dialog.value, { kind: "link", person: carla("away"), known: KNOWN });
    await guests.sendAgain(carla("away"), "email", "carla@example.org");
    assert.deepEqual(asked.at(-2), ["send", "carla", "email", "carla@example.org"]);
    assert.deepEqual(asked.at(-1), ["say", "The link for Carla is in Messages again."]);
    assert.equal(guests.dialog.value, null);
  });

  test("one that is not to be had is told", async () => {
    const { guests, asked } = rig({ link: refuse });
    guests.link(carla("away"));
    await settle();
    assert.deepEqual([guests.dialog.value, asked.at(-1)], [null, ["say", "This is not a mobile number."]]);
  });
});

describe("at the door", () => {
  test("each command names the guest, and the patient goes without", async () => {
    const { guests, asked } = rig();
    guests.admit(carla("waiting"));
    await settle();
    guests.admit(person("dana", "waiting", { role: "patient" }));
    await settle();
    await guests.holdFor(carla("waiting"), null);
    await guests.refuseFor(carla("waiting"), "Next week");
    await guests.withdrawFor(carla("away"));
    const orders = asked.filter((each) => Array.isArray(each) && each[0] !== "say");
    assert.deepEqual(orders, [
      ["command", "admit", { participant: "carla" }],
      ["command", "admit", {}],
      ["command", "hold", { body: null, participant: "carla" }],
      ["command", "refuse", { reason: "Next week", participant: "carla" }],
      ["withdraw", "carla"],
    ]);
  });
});

describe("said of people", () => {
  test("who joins is introduced by what they come for, who listens by that", () => {
    assert.deepEqual(crossingWords(call([]), call([carla("in_call")])), ["Carla (Carer) joined the call."]);
    const bob = person("bob", "in_call", { name: "Bob", quiet: true });
    assert.deepEqual(crossingWords(call([]), call([bob])), ["Bob joined to listen."]);
    assert.deepEqual(crossingWords(call([bob]), call([{ ...bob, quiet: false }])), ["Bob takes part now."]);
  });

  test("who leaves is named, whether they stay on the list or not", () => {
    assert.deepEqual(crossingWords(call([carla("in_call")]), call([])), ["Carla left the call."]);
    assert.deepEqual(crossingWords(call([carla("in_call")]), call([carla("left")])), ["Carla left the call."]);
  });

  test("whoever was there before us, and who goes when it ends, is no news", () => {
    assert.deepEqual(crossingWords(call([], { phase: "waiting" }), call([carla("in_call")])), []);
    assert.deepEqual(crossingWords(call([carla("in_call")]), call([], { phase: "ended" })), []);
  });

  test("a guest at the door is said aloud, once", () => {
    const said = spoken(call([carla("away")]), call([carla("waiting")]), "", true);
    assert.deepEqual(said, ["Carla (Carer) is in the waiting room."]);
    assert.deepEqual(spoken(call([carla("waiting")]), call([carla("waiting")]), "", true), []);
  });

  test("the list tells what each one is, who listens and who was invited", () => {
    assert.equal(roleWords(carla("away")), "Carer");
    assert.equal(roleWords(person("dana", "in_call", { role: "patient" })), "Patient");
    assert.deepEqual(personWords(carla("away", { present: false }), undefined), ["Invited"]);
    assert.deepEqual(personWords(person("bob", "in_call", { quiet: true, mic: false }), undefined), ["Listening"]);
    assert.deepEqual(
      (["away", "waiting", "refused", "in_call", "left"] as const).map((stage) => groupOf(carla(stage))),
      ["invited", "waiting", "waiting", "here", "invited"],
    );
  });

  test("the heading counts the others", () => {
    const remotes = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        participant: person(`p${index}`, "in_call"),
      })) as unknown as CallState["remotes"];
    assert.equal(withWords(call([], { remotes: remotes(1) }), "Dana"), "Dana");
    assert.equal(withWords(call([], { remotes: remotes(2) }), "Dana"), "Dana and 1 other");
    assert.equal(withWords(call([], { remotes: remotes(4) }), "Dana"), "Dana and 3 others");
  });
});
