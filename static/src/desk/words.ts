/** What the middle of the desk says while we are not in the call. */
import { listWords, t } from "../lib/i18n.ts";
import { MOST_IN_CALL } from "../lib/wire.ts";
import type { Trouble } from "../media/trouble.ts";
import { stateWords } from "../today/row.ts";
import { type Parts, rowOf } from "./parts.ts";
import { hasRoom, inCallOf, type Scene } from "./scene.ts";

/** Scenes that explain themselves aloud. Minutes that pass are not worth saying; a full call is. */
export const SPOKEN: ReadonlySet<Scene> = new Set(["outside", "unable"]);

/** The line to the server is down; until the first snapshot nothing else is known. */
export const cutOff = ({ model }: Parts): boolean => model.state.value.line === "retrying";

export const headline = (scene: Scene, parts: Parts): string => {
  const row = rowOf(parts);
  const name = row.patient_name;
  switch (scene) {
    case "waiting":
      return t("{name} is waiting", { name });
    case "refused":
      return t("{name} was told that you cannot see them now", { name });
    case "gone":
      return t("{name} has left", { name });
    case "outside":
      return t("{name} is in the call", { name });
    case "connecting":
      return cutOff(parts) ? t("The server cannot be reached") : t("Connecting…");
    case "unable":
      return t("No calls in this browser");
    default:
      return name;
  }
};

/** Why a call cannot be made here, and what helps. */
const obstacleWords = (found: Trouble | null): string => {
  switch (found) {
    case "insecure":
      return t("Browsers give camera and microphone only to secure pages. Open this page with https.");
    case "embedded":
      return t("This window belongs to another program. Open this page in a browser.");
    default:
      return t("Open this page in a new version of Chrome, Edge, Firefox or Safari.");
  }
};

/** A professional who is told 'full' can still do most of the work. */
const outsideWords = ({ model }: Parts): string => {
  const state = model.state.value;
  const names = inCallOf(state.roster)
    .filter(({ role }) => role !== "patient")
    .map(({ name }) => name);
  const there =
    names.length === 0 ? t("Nobody is talking with them.") : t("With them: {names}.", { names: listWords(names) });
  const place = hasRoom(state)
    ? t("There is a place for you.")
    : t("The call is full ({count} people). You can read and write the note.", { count: MOST_IN_CALL });
  return `${there} ${place}`;
};

export const explanation = (scene: Scene, parts: Parts): string => {
  switch (scene) {
    case "early":
      return stateWords(rowOf(parts), parts.board.now.value);
    case "waiting":
      return stateWords(rowOf(parts), parts.board.now.value);
    case "refused":
      return t("You can still let them in.");
    case "gone":
      return t("They can come back with the same link, and then wait for you here.");
    case "outside":
      return outsideWords(parts);
    case "unable":
      return `${obstacleWords(parts.desk.obstacle)} ${t("You can read and write the note here.")}`;
    default:
      return "";
  }
};
