/** The picture of the other, or in plain words why there is none. */
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { Banners } from "./banner.tsx";
import { Captions } from "./captions.tsx";
import type { CallState } from "./model.ts";
import type { Remote } from "./peers.ts";
import { Avatar, Picture, Sound, TapToHear } from "./picture.tsx";
import { SelfView } from "./self.tsx";
import type { CallModel } from "./state.ts";
import { absentWords } from "./words.ts";

const hasPicture = ({ view, participant }: Remote, state: CallState): boolean =>
  (participant.camera || participant.screen) && !state.soundOnly && view.stream.getVideoTracks().length > 0;

const pictureWords = (state: CallState, remote: Remote): string => {
  const { name, present } = remote.participant;
  if (state.phase === "called") return t("Connecting you with {name}…", { name });
  if (state.phase === "recovering" && (!present || remote.view.fresh)) return t("{name} is reconnecting.", { name });
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

/** Let in, and nobody is there (any more). */
const Nobody = ({ name }: { name: string }) => (
  <Avatar name={name}>
    <p>{absentWords(name)}</p>
  </Avatar>
);

export const Stage = ({ model }: { model: CallModel }) => {
  const state = model.state.value;
  const [remote] = state.remotes;
  return (
    <div class="stage">
      {remote ? <RemotePicture state={state} remote={remote} /> : <Nobody name={model.name.value} />}
      {remote ? <Sound model={model} stream={remote.view.stream} /> : null}
      {remote?.participant.hand ? (
        <p class="raised">
          <Icon name="hand" /> {t("Hand raised")}
        </p>
      ) : null}
      <Banners model={model} />
      <TapToHear model={model} />
      <SelfView model={model} />
      <Captions model={model} />
    </div>
  );
};
