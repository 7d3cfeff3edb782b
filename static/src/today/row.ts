/** One line of the Today list: its shape on the wire, its state in words, and what a professional can do with it. */
import { formatTime, t } from "../lib/i18n.ts";

export type Stage =
  | "not_arrived"
  | "welcome"
  | "checking"
  | "declined"
  | "waiting"
  | "in_call"
  | "left"
  | "refused"
  | "done";

export interface TodayRow {
  id: string;
  patient_name: string;
  /** The booked name, where the patient wrote another one. */
  booked_as: string | null;
  companion: string | null;
  professional_name: string;
  team_name: string | null;
  /** Who asked the viewer in, until they have come. */
  invited_by: string | null;
  /** When they did so last. */
  invited_at: string | null;
  mine: boolean;
  scheduled_at: string;
  duration_min: number;
  state: "scheduled" | "waiting" | "active" | "ended" | "abandoned" | "cancelled";
  stage: Stage;
  waiting_since: string | null;
  /** Whether their page is open now: a locked phone keeps its place in the waiting room. */
  present: boolean;
  devices: string | null;
  link: { state: "ready" | "too_early" | "expired" | "revoked" | "cancelled" };
  desk_url: string;
  phone: string | null;
  email: string | null;
  /** To whom the link goes by either way, as a person reads it: the address, or that it is somebody who acts for the patient. */
  sms_to: string | null;
  email_to: string | null;
}

/** What the row looks like: colour is never the only sign, the words stand beside it. */
export type Tone = "waiting" | "call" | "near" | "trouble" | "quiet";

export type Choice = "admit" | "desk" | "message" | "hold" | "refuse" | "send" | "reissue" | "revoke";

const MINUTE_MS = 60_000;

export const isOver = (row: TodayRow): boolean =>
  row.state === "ended" || row.state === "abandoned" || row.state === "cancelled" || row.stage === "done";

export const isWaiting = (row: TodayRow): boolean => !isOver(row) && row.stage === "waiting";

/** "4 min", "1 h 5 min"; whole minutes that have passed, so it never says more than is true. */
export const durationWords = (ms: number): string => {
  const minutes = Math.max(0, Math.floor(ms / MINUTE_MS));
  if (minutes < 1) return t("under 1 min");
  if (minutes < 60) return t("{minutes} min", { minutes });
  return t("{hours} h {minutes} min", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
};

const waitingWords = (row: TodayRow, nowMs: number): string => {
  if (row.waiting_since === null) return t("Waiting");
  const duration = durationWords(nowMs - Date.parse(row.waiting_since));
  return row.present ? t("Waiting {duration}", { duration }) : t("Waiting {duration}, page not open now", { duration });
};

const stageWords = (stage: Stage): string => {
  switch (stage) {
    case "welcome":
      return t("Has opened the link");
    case "checking":
      return t("Checking camera");
    case "declined":
      return t("Did not agree to video");
    case "in_call":
      return t("In call");
    case "left":
      return t("Left");
    case "refused":
      return t("Refused");
    default:
      return t("Not arrived");
  }
};

/** The state of a row in words; `nowMs` is the server's time. */
export const stateWords = (row: TodayRow, nowMs: number): string => {
  if (row.state === "cancelled") return t("Cancelled");
  if (row.state === "abandoned") return t("Did not come");
  if (isOver(row)) return t("Done");
  return row.stage === "waiting" ? waitingWords(row, nowMs) : stageWords(row.stage);
};

const TONES: Partial<Record<Stage, Tone>> = {
  waiting: "waiting",
  in_call: "call",
  welcome: "near",
  checking: "near",
  declined: "trouble",
  left: "trouble",
  refused: "trouble",
};

export const toneOf = (row: TodayRow): Tone => (isOver(row) ? "quiet" : (TONES[row.stage] ?? "quiet"));

/** What is wrong with the patient's link, or nothing. */
export const linkWords = (row: TodayRow): string | null => {
  if (isOver(row)) return null;
  switch (row.link.state) {
    case "expired":
      return t("The link has expired");
    case "revoked":
      return t("The link was revoked");
    case "too_early":
      return t("The link opens a day before");
    default:
      return null;
  }
};

/** Whose it is, for the second line of a row: "Team North · Dr Alice Ahmed". */
export const ownerWords = (row: TodayRow): string =>
  [row.team_name, row.mine ? t("Yours") : row.professional_name].filter((part) => part !== null).join(" · ");

export const timeWords = (row: TodayRow): string => formatTime(row.scheduled_at);

const canSend = (row: TodayRow): boolean => row.sms_to !== null || row.email_to !== null;

const linkChoices = (row: TodayRow): Choice[] => {
  if (row.link.state === "revoked" || row.link.state === "expired") return ["reissue"];
  return canSend(row) ? ["send", "reissue", "revoke"] : ["reissue", "revoke"];
};

const ROOM_CHOICES: Partial<Record<Stage, Choice[]>> = {
  waiting: ["admit", "desk", "message", "hold", "refuse"],
  in_call: ["desk"],
  refused: ["desk", "admit", "message"],
};

/** What can be done with a row, the likeliest first. */
export const choicesOf = (row: TodayRow): Choice[] => {
  if (isOver(row)) return ["desk"];
  if (row.stage === "in_call") return ["desk"];
  return [...(ROOM_CHOICES[row.stage] ?? ["desk", "message"]), ...linkChoices(row)];
};
