/** The pictures of the others and our own, or in plain words why there is none. */
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { Banners } from "./banner.tsx";
import { Avatar, Sound, TapToHear } from "./picture.tsx";
import type { CallModel } from "./state.ts";
import { Tiles } from "./tiles.tsx";
import { absentWords } from "./words.ts";

/** Let in, and nobody is there (any more). */
const Nobody = ({ name }: { name: string }) => (
  <Avatar name={name}>
    <p>{absentWords(name)}</p>
  </Avatar>
);

export const Stage = ({ model }: { model: CallModel }) => {
  const { remotes } = model.state.value;
  const { kind, side, columns, tile } = model.layout.arranged.value;
  const [remote] = remotes;
  const strip = kind === "large" && side === "beside" ? `${columns * (tile.inline + 0.375)}rem` : "0rem";
  return (
    <div class="stage" style={{ "--strip": strip }}>
      {kind === "nobody" ? <Nobody name={model.name.value} /> : null}
      <Tiles model={model} />
      {remotes.map(({ participant, view }) => (
        <Sound key={participant.id} model={model} stream={view.stream} />
      ))}
      {kind === "one" && remote?.participant.hand ? (
        <p class="raised">
          <Icon name="hand" /> {t("Hand raised")}
        </p>
      ) : null}
      <Banners model={model} />
      <TapToHear model={model} />
    </div>
  );
};
