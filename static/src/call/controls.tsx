/** The row of labelled buttons under the picture; always there. */
import { t } from "../lib/i18n.ts";
import { Icon, type IconName } from "../lib/icon.tsx";
import { canShare, toggleSharing } from "./deeds.ts";
import type { CallModel, Sheet } from "./state.ts";

interface ControlProps {
  icon: IconName;
  label: string;
  kind?: string;
  pressed?: boolean;
  expanded?: boolean;
  count?: number;
  keys?: string;
  onClick: () => void;
}

/** The name never changes: whether it is on is told by `aria-pressed` and, for eyes, by colour and icon. */
export const Control = ({ icon, label, kind = "", pressed, expanded, count = 0, keys, onClick }: ControlProps) => (
  <button
    type="button"
    class={`control ${kind}`}
    {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
    {...(expanded === undefined ? {} : { "aria-expanded": expanded })}
    {...(keys === undefined ? {} : { "aria-keyshortcuts": keys })}
    onClick={onClick}
  >
    <Icon name={icon} />
    <span>{label}</span>
    {count > 0 ? (
      <span class="count">
        {count}
        <span class="unseen"> {t("new")}</span>
      </span>
    ) : null}
  </button>
);

export const Mute = ({ model }: { model: CallModel }) => {
  const { mic } = model.state.value.local;
  return (
    <Control
      icon={mic ? "mic" : "mic-off"}
      label={t("Mute")}
      kind={mic ? "" : "off"}
      pressed={!mic}
      keys="Alt+M"
      onClick={() => void model.call.media.setMic(!mic)}
    />
  );
};

export const Camera = ({ model }: { model: CallModel }) => {
  const { camera } = model.state.value.local;
  return (
    <Control
      icon={camera ? "video" : "video-off"}
      label={t("Camera")}
      kind={camera ? "" : "off"}
      pressed={camera}
      keys="Alt+V"
      onClick={() => void model.call.setCamera(!camera)}
    />
  );
};

const Share = ({ model }: { model: CallModel }) => {
  const { screen } = model.state.value.local;
  return (
    <Control
      icon={screen ? "monitor-off" : "monitor-up"}
      label={t("Share")}
      kind={screen ? "on" : ""}
      pressed={screen}
      onClick={() => toggleSharing(model)}
    />
  );
};

/** How many ask to be let in; shown where the sheet about the people is. */
const People = ({ model }: { model: CallModel }) => (
  <Control
    icon="users"
    label={t("People")}
    count={model.state.value.roster.participants.filter(({ stage }) => stage === "waiting").length}
    {...opens(model, "people")}
  />
);

/** What somebody who only listens has no use for. */
const Ours = ({ model, layout }: Pick<ControlsProps, "model" | "layout">) =>
  model.state.value.me?.quiet ? (
    <Control icon="mic" label={t("Take part")} onClick={() => void model.call.enter().catch(() => undefined)} />
  ) : (
    <>
      <Mute model={model} />
      <Camera model={model} />
      {layout === "desk" && canShare() ? <Share model={model} /> : null}
    </>
  );

const opens = (model: CallModel, name: Sheet) => ({
  expanded: model.sheet.value === name,
  onClick: () => {
    model.sheet.value = model.sheet.value === name ? null : name;
  },
});

interface ControlsProps {
  model: CallModel;
  layout: "room" | "desk";
  onLeave: () => void;
  onEnd?: (() => void) | undefined;
}

export const Controls = ({ model, layout, onLeave, onEnd }: ControlsProps) => (
  // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form
  <div class="controls" role="group" aria-label={t("Call controls")}>
    <Ours model={model} layout={layout} />
    <Control icon="message-square" label={t("Chat")} count={model.unread.value} {...opens(model, "chat")} />
    <Control
      icon={layout === "desk" ? "settings" : "ellipsis"}
      label={layout === "desk" ? t("Devices") : t("More")}
      {...opens(model, "more")}
    />
    {layout === "desk" ? <People model={model} /> : null}
    <Control icon={onEnd ? "log-out" : "phone-off"} label={t("Leave")} kind={onEnd ? "" : "leave"} onClick={onLeave} />
    {onEnd ? <Control icon="phone-off" label={t("End")} kind="leave" onClick={onEnd} /> : null}
  </div>
);
