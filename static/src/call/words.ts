/** What a call says to people: pure functions of its state. */
import { plural, t } from "../lib/i18n.ts";
import type { Participant, Relation, Role } from "../lib/wire.ts";
import type { Exchange, LocalView, Source } from "../media/local.ts";
import { offersSoundOnly, type Quality } from "../media/policy.ts";
import type { Trouble } from "../media/trouble.ts";
import type { CallState } from "./model.ts";
import type { Remote } from "./peers.ts";
import { others } from "./roster.ts";

export interface Notice {
  tone: "calm" | "warn" | "good";
  text: string;
  /** The button beside the sentence. */
  action: "sound_only" | "phone" | "devices" | null;
}

const trying = ({ phase, remotes }: CallState, phone: string | null): Notice | null => {
  if (phone !== null && remotes.some(({ view }) => view.phone))
    return { tone: "warn", text: t("Still trying. You can also call {phone}.", { phone }), action: "phone" };
  return phase === "recovering" ? { tone: "warn", text: t("Reconnecting… stay on this page."), action: null } : null;
};

const weak = (state: CallState, { view, participant }: Remote): Notice | null => {
  const picture = state.local.camera || participant.camera;
  const offered = offersSoundOnly(view.mine, view.theirs, picture, state.soundOnly) ? "sound_only" : null;
  if (view.mine === "weak") return { tone: "warn", text: t("Your connection is weak."), action: offered };
  if (view.theirs !== "weak") return null;
  const text = t("{name}'s connection is weak. Please wait.", { name: participant.name });
  return { tone: "warn", text, action: offered };
};

/** The one whose line is worst: our own line to them before theirs to us. */
const weakest = (remotes: readonly Remote[]): Remote | undefined =>
  remotes.find(({ view }) => view.mine === "weak") ?? remotes.find(({ view }) => view.theirs === "weak") ?? remotes[0];

/** The one sentence about the network that is shown over the picture. */
export const noticeOf = (state: CallState, phone: string | null, back: string | null): Notice | null => {
  const remote = weakest(state.remotes);
  if (state.phase === "recovering" || state.phase === "called") return trying(state, phone);
  if (state.phase !== "live" || !remote) return null;
  if (back !== null) return { tone: "good", text: back, action: null };
  if (state.remotes.some(({ view }) => view.unseen))
    return {
      tone: "warn",
      text: t("No picture comes from your camera. Please choose another one."),
      action: "devices",
    };
  return weak(state, remote);
};

const RANKS: readonly Quality[] = ["weak", "fair", "good"];

/** How well the worst line of the call carries it, ours and theirs. */
export const worstQuality = ({ remotes }: CallState): Quality => {
  const all = remotes.flatMap(({ view }) => [view.mine, view.theirs]);
  return RANKS.find((rank) => all.includes(rank)) ?? "good";
};

export const qualityWords = (quality: Quality): string => {
  if (quality === "weak") return t("Weak connection");
  return quality === "fair" ? t("Fair connection") : t("Good connection");
};

const RELATIONS: Readonly<Record<Relation, () => string>> = {
  carer: () => t("Carer"),
  interpreter: () => t("Interpreter"),
  family: () => t("Family"),
  supervisor: () => t("Supervisor"),
  colleague: () => t("Colleague"),
};

export const relationWords = (relation: Relation): string => RELATIONS[relation]();

const ROLES: Readonly<Record<Role, () => string>> = {
  patient: () => t("Patient"),
  professional: () => t("Professional"),
  guest: () => t("Guest"),
};

/** What somebody is in this consultation. */
export const roleWords = ({ role, relation }: Participant): string =>
  relation === null ? ROLES[role]() : relationWords(relation);

const inCallWords = ({ quiet, present }: Participant): string => {
  if (!present) return t("In the call, reconnecting");
  return quiet ? t("Listening") : t("In the call");
};

const awayWords = ({ role, present }: Participant): string => {
  if (role === "guest") return t("Invited");
  return role === "patient" || !present ? t("Not here yet") : t("Reading along, not in the call");
};

const stageWords = (person: Participant): string => {
  const { stage, present } = person;
  if (stage === "in_call") return inCallWords(person);
  if (stage === "waiting") return present ? t("In the waiting room") : t("In the waiting room, reconnecting");
  if (stage === "refused") return t("Asked not to join now");
  return stage === "left" ? t("Left the call") : awayWords(person);
};

const switchWords = ({ stage, quiet, mic, camera, screen, hand }: Participant): string[] => {
  if (stage !== "in_call" || quiet) return [];
  return [
    mic ? "" : t("Microphone off"),
    camera || screen ? "" : t("Camera off"),
    screen ? t("Shares the screen") : "",
    hand ? t("Hand raised") : "",
  ];
};

/** Everything there is to say of a person in the list, the important first. */
export const personWords = (person: Participant, remote: Remote | undefined): string[] =>
  [
    stageWords(person),
    remote?.view.troubled
      ? t("Connection interrupted")
      : remote?.view.connected
        ? qualityWords(remote.view.theirs)
        : "",
    remote?.view.soundOnlyThere ? t("Sound only") : "",
    ...switchWords(person),
  ].filter((each) => each !== "");

/** In the waiting room, and while it opens. */
export const interruptedWords = (): string =>
  t("The connection to the practice is interrupted. Trying again, please stay here.");

export const absentWords = (name: string): string =>
  t("{name} is not in the call at the moment. Please stay on this page.", { name });

/** The server leaves the same ones out. */
const TITLES = /^(mr|mrs|ms|mx|miss|dr|prof|nurse|sir|dame)\.?$/i;

export const initials = (name: string): string => {
  const words = name.split(/\s+/).filter((word) => word !== "" && !TITLES.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => word?.[0]?.toLocaleUpperCase() ?? "").join("");
};

/** "You have been waiting for 4 minutes." */
export const waitingWords = (minutes: number): string =>
  minutes < 1
    ? t("You have just arrived.")
    : plural(minutes, "You have been waiting for {count} minute.", "You have been waiting for {count} minutes.");

const TROUBLES: Record<Source, (trouble: Trouble) => string> = {
  camera: (trouble) => {
    if (trouble === "blocked")
      return t("Your camera is blocked. Allow it in the browser's address bar, then try again.");
    if (trouble === "system")
      return t(
        "Your device does not let this browser use the camera. Allow it in the device's settings, then try again.",
      );
    if (trouble === "busy") return t("Another program uses your camera. Close it, then try again.");
    return trouble === "missing"
      ? t("No camera was found. Plug one in, then try again.")
      : t("Your camera could not be started. Try again, or load this page again.");
  },
  microphone: (trouble) => {
    if (trouble === "blocked")
      return t("Your microphone is blocked. Allow it in the browser's address bar, then try again.");
    if (trouble === "system")
      return t(
        "Your device does not let this browser use the microphone. Allow it in the device's settings, then try again.",
      );
    if (trouble === "busy") return t("Another program uses your microphone. Close it, then try again.");
    return trouble === "missing"
      ? t("No microphone was found. Plug one in, then try again.")
      : t("Your microphone could not be started. Try again, or load this page again.");
  },
};

/** Why others do not hear or see us although we want them to; the microphone first, it matters more. */
export const deviceWords = ({ trouble }: LocalView): string | null => {
  if (trouble.microphone) return TROUBLES.microphone(trouble.microphone);
  return trouble.camera ? TROUBLES.camera(trouble.camera) : null;
};

export const exchangeWords = ({ source, label }: Exchange): string => {
  if (label !== null) return t("Now using {device}.", { device: label });
  return source === "camera" ? t("Your camera was disconnected.") : t("Your microphone was disconnected.");
};

/** Whose name stands over the picture: the one we talk to, else the one we wait for. */
export const otherOf = (state: CallState): Participant | null => {
  const { me, roster, remotes } = state;
  const wanted = me?.role === "professional" ? "patient" : "professional";
  const talking = remotes.map(({ participant }) => participant);
  const found = talking.find(({ role, quiet }) => role === wanted && !quiet) ?? talking[0];
  if (found) return found;
  const there = me ? others(roster, me.id) : [];
  const ranked = there.filter(({ role }) => role === wanted);
  return ranked.find(({ stage }) => stage === "in_call") ?? ranked[0] ?? null;
};

/** "Dr Alice Ahmed and 2 others": with whom we talk. */
export const withWords = ({ remotes }: CallState, name: string): string => {
  const more = remotes.filter(({ participant }) => !participant.quiet).length - 1;
  return more < 1 ? name : plural(more, "{name} and {count} other", "{name} and {count} others", { name });
};
