/** The picture of the other, or in plain words why there is none. */
import type { ComponentChildren } from "preact";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { Participant } from "../lib/wire.ts";
import { Banners } from "./banner.tsx";
import { isTalking, type Phase } from "./machine.ts";
import type { CallState } from "./model.ts";
import type { Remote } from "./peers.ts";
import { Avatar, Picture, Sound, TapToHear } from "./picture.tsx";
import { SelfView } from "./self.tsx";
import type { CallModel } from "./state.ts";

const hasPicture = ({ view, participant }: Remote, state: CallState): boolean =>
  (participant.camera || participant.screen) && !state.soundOnly && view.stream.getVideoTracks().length > 0;

const pictureWords = (state: CallState, remote: Remote): string => {
  const { name, present } = remote.participant;
  if (state.phase === "called") return t("Connecting you with {name}…", { name });
  if (state.phase === "recovering" && !present) return t("{name} is reconnecting.", { name });
  if (state.soundOnly) return t("You hear each other without a picture.");
  if (remote.view.soundOnlyThere) return t("{name} uses sound only.", { name });
  return t("{name}'s camera is off.", { name });
};

const RemotePicture = ({ state, remote }: { state: CallState; remote: Remote }) => {
  const { name, screen } = remote.participant;
  const seen = hasPicture(remote, state);
  return (
    <>
      <Picture stream={remote.view.stream} class={`remote ${screen ? "whole" : ""} ${seen ? "" : "out"}`} />
      {seen && state.phase !== "called" ? null : (
        <Avatar name={name}>
          <p>{pictureWords(state, remote)}</p>
        </Avatar>
      )}
    </>
  );
};

/** What the patient's absence or place means for the professional. */
const patientWords = ({ name, stage, present }: Participant): string => {
  if (stage === "waiting")
    return present
      ? t("{name} is in the waiting room.", { name })
      : t("{name} was in the waiting room and is reconnecting.", { name });
  if (stage === "left") return t("{name} left the call. They can come back for ten minutes.", { name });
  if (stage === "refused") return t("{name} has been told that they cannot join now.", { name });
  return t("{name} has not arrived yet.", { name });
};

const PHASES: Partial<Record<Phase, (name: string) => string>> = {
  connecting: () => t("Connecting…"),
  called: (name) => t("{name} is not in the call at the moment. Please stay on this page.", { name }),
  left: () => t("You left the call."),
  ended: () => t("The consultation has ended."),
  replaced: () => t("This call is open in another window."),
};

/** `full`: two people talk already, and this one is not among them. */
const emptyWords = (state: CallState, other: Participant | null): string => {
  if (state.full) return t("The call is full; you can read and write the note.");
  const words = PHASES[state.phase]?.(other?.name ?? "");
  if (words !== undefined) return words;
  if (state.phase === "failed") return state.ending?.message || t("This call is not available.");
  return other?.role === "patient" ? patientWords(other) : t("Waiting…");
};

interface EmptyProps {
  state: CallState;
  other: Participant | null;
  children?: ComponentChildren;
}

const Empty = ({ state, other, children }: EmptyProps) => (
  <Avatar name={other?.name ?? ""}>
    <p>{emptyWords(state, other)}</p>
    {children}
  </Avatar>
);

interface StageProps {
  model: CallModel;
  other: Participant | null;
  phone: string | null;
  /** Buttons under the words, while there is no call. */
  children?: ComponentChildren;
}

export const Stage = ({ model, other, phone, children }: StageProps) => {
  const state = model.state.value;
  const talking = isTalking(state.phase);
  const [remote] = talking ? state.remotes : [];
  return (
    <div class="stage">
      {remote ? (
        <RemotePicture state={state} remote={remote} />
      ) : (
        <Empty state={state} other={other}>
          {children}
        </Empty>
      )}
      {remote ? <Sound model={model} stream={remote.view.stream} /> : null}
      {remote?.participant.hand ? (
        <p class="raised">
          <Icon name="hand" /> {t("Hand raised")}
        </p>
      ) : null}
      <Banners model={model} phone={phone} />
      <TapToHear model={model} />
      {talking || state.local.camera ? <SelfView model={model} /> : null}
    </div>
  );
};
