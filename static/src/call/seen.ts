/** Whether somebody's picture can be seen, and in words why not. */
import { t } from "../lib/i18n.ts";
import type { CallState } from "./model.ts";
import type { Remote } from "./peers.ts";

export const isPaused = ({ paused }: CallState, { participant }: Remote): boolean => paused.includes(participant.id);

const sends = ({ participant: { camera, screen } }: Remote): boolean => camera || screen;

export const hasPicture = (state: CallState, remote: Remote): boolean =>
  sends(remote) && !state.soundOnly && !isPaused(state, remote) && remote.view.stream.getVideoTracks().length > 0;

/** In a call of two it is the call that recovers, until the server knows that the other one is away; in a larger one it is a person. */
const isBack = ({ phase, remotes }: CallState, { participant, view }: Remote): boolean => {
  if (remotes.length > 1) return participant.present && !view.troubled;
  return phase !== "recovering" || (participant.present && !view.fresh);
};

const isAwaited = ({ phase, remotes }: CallState, { view }: Remote): boolean =>
  remotes.length > 1 ? view.fresh && !view.connected : phase === "called";

/** There is nothing to be seen of them yet, although there will be: whoever speaks is not made large for that. */
export const isComing = (state: CallState, remote: Remote): boolean =>
  isAwaited(state, remote) ||
  (sends(remote) &&
    remote.view.stream.getVideoTracks().length === 0 &&
    !state.soundOnly &&
    !remote.view.soundOnlyThere);

/** What stands over a dark or an old picture. One that is sent, and is not there, is waited for. */
export const pictureWords = (state: CallState, remote: Remote): string => {
  const { name } = remote.participant;
  if (isAwaited(state, remote)) return t("Connecting you with {name}…", { name });
  if (!isBack(state, remote)) return t("{name} is reconnecting.", { name });
  if (state.soundOnly) return t("You hear each other without a picture.");
  if (isPaused(state, remote)) return t("{name}'s picture is paused: the connection is too weak for it.", { name });
  if (remote.view.soundOnlyThere) return t("{name} uses sound only.", { name });
  return sends(remote) ? t("Connecting you with {name}…", { name }) : t("{name}'s camera is off.", { name });
};

/** The same for a small tile, on which the name stands already. */
export const briefWords = (state: CallState, remote: Remote): string => {
  if (isAwaited(state, remote)) return t("Connecting…");
  if (!isBack(state, remote)) return t("Reconnecting…");
  if (isPaused(state, remote)) return t("Paused: weak connection");
  if (state.soundOnly || remote.view.soundOnlyThere) return t("Sound only");
  return sends(remote) ? t("Connecting…") : t("Camera off");
};

/** Whether the words belong over the picture although there is one. */
export const isCovered = (state: CallState, remote: Remote): boolean =>
  isAwaited(state, remote) || !isBack(state, remote);
