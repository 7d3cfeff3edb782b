/** The sheet of everything that is needed less often: people, devices, sharing, hand, sound only, picture in picture, text size, shortcuts. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon, type IconName } from "../lib/icon.tsx";
import { canChooseSpeaker, type Device, type Kind, listDevices, onDeviceChange, remember } from "../media/devices.ts";
import { CaptionSwitches } from "./captions.tsx";
import { canShare, floatPicture, toggleSharing } from "./deeds.ts";
import { People } from "./people.tsx";
import { RecordingRows } from "./recording.tsx";
import { Sheet } from "./sheet.tsx";
import type { CallModel, TextSize } from "./state.ts";

interface RowProps {
  icon: IconName;
  pressed?: boolean;
  onClick: () => void;
  children: ComponentChildren;
}

const Row = ({ icon, pressed, onClick, children }: RowProps) => (
  <button
    type="button"
    class="more-row"
    {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
    onClick={onClick}
  >
    <Icon name={icon} />
    <span>{children}</span>
    {pressed ? <Icon name="check" /> : null}
  </button>
);

const useDevices = (kind: Kind): Device[] => {
  const [devices, setDevices] = useState<Device[]>([]);
  useEffect(() => {
    const look = () => void listDevices(kind).then(setDevices);
    look();
    return onDeviceChange(look);
  }, [kind]);
  return devices;
};

interface ChooserProps {
  label: string;
  kind: Kind;
  current: string | null;
  onChoose: (id: string) => void;
}

/** Shown only where there is a choice. */
const Chooser = ({ label, kind, current, onChoose }: ChooserProps) => {
  const devices = useDevices(kind);
  const id = useId();
  if (devices.length < 2) return null;
  const chosen = devices.find((device) => device.id === current) ?? devices[0];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={chosen?.id ?? ""} onChange={(event) => onChoose(event.currentTarget.value)}>
        {devices.map((device) => (
          <option key={device.id} value={device.id}>
            {device.label}
          </option>
        ))}
      </select>
    </div>
  );
};

const Devices = ({ model }: { model: CallModel }) => {
  const { call, state, speaker, chooseSpeaker } = model;
  const { device } = state.value.local;
  const choose = (source: "camera" | "microphone") => (id: string) => {
    remember({ [source]: id });
    void call.media.choose(source, id);
  };
  return (
    <>
      <Chooser label={t("Microphone")} kind="microphone" current={device.microphone} onChoose={choose("microphone")} />
      <Chooser label={t("Camera")} kind="camera" current={device.camera} onChoose={choose("camera")} />
      {canChooseSpeaker() ? (
        <Chooser label={t("Speaker")} kind="speaker" current={speaker.value} onChoose={chooseSpeaker} />
      ) : null}
    </>
  );
};

const TextSizes = ({ model }: { model: CallModel }) => {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{t("Text size")}</label>
      <select
        id={id}
        value={model.textSize.value}
        onChange={(event) => model.useTextSize(event.currentTarget.value as TextSize)}
      >
        <option value="normal">{t("Normal")}</option>
        <option value="large">{t("Large")}</option>
        <option value="larger">{t("Larger")}</option>
      </select>
    </div>
  );
};

const Sharing = ({ model }: { model: CallModel }) => {
  const { screen } = model.state.value.local;
  return (
    <Row icon={screen ? "monitor-off" : "monitor-up"} pressed={screen} onClick={() => toggleSharing(model)}>
      {t("Share my screen")}
    </Row>
  );
};

/** Only where there is more than one picture to arrange. */
const EqualSizes = ({ model: { layout } }: { model: CallModel }) => {
  const { kind } = layout.arranged.value;
  const on = layout.grid.value;
  if (kind === "one" || kind === "nobody") return null;
  return (
    <Row icon="grid-2x2" pressed={on} onClick={() => layout.useGrid(!on)}>
      {t("Everybody in the same size")}
    </Row>
  );
};

const Shortcuts = ({ model: { shortcuts, useShortcuts } }: { model: CallModel }) => (
  <label class="choice">
    <input type="checkbox" checked={shortcuts.value} onChange={() => useShortcuts(!shortcuts.value)} />
    <span>{t("Keyboard shortcuts: Alt+M microphone, Alt+V camera")}</span>
  </label>
);

const Switches = ({ model, share }: { model: CallModel; share: boolean }) => {
  const { call, state } = model;
  const { me, soundOnly } = state.value;
  const hand = me?.hand ?? false;
  return (
    <div class="more-rows">
      {share && canShare() ? <Sharing model={model} /> : null}
      <Row icon="hand" pressed={hand} onClick={() => void call.command("hand", { up: !hand }).catch(() => undefined)}>
        {t("Raise hand")}
      </Row>
      <Row icon="headphones" pressed={soundOnly} onClick={() => void call.setSoundOnly(!soundOnly)}>
        {t("Sound only")}
      </Row>
      <EqualSizes model={model} />
      <RecordingRows model={model} />
      {document.pictureInPictureEnabled ? (
        <Row icon="picture-in-picture" onClick={() => void floatPicture()}>
          {t("Picture in a small window")}
        </Row>
      ) : null}
    </div>
  );
};

/** At the desk the devices come first, for the patient the people. */
export const MoreSheet = ({ model, layout }: { model: CallModel; layout: "room" | "desk" }) => (
  <Sheet model={model} name="more" title={layout === "desk" ? t("Devices") : t("More")}>
    <div class="more-body">
      {layout === "desk" ? null : <People model={model} />}
      {layout === "desk" ? <Devices model={model} /> : null}
      <Switches model={model} share={layout === "room"} />
      <CaptionSwitches model={model} />
      {layout === "desk" ? null : <Devices model={model} />}
      <TextSizes model={model} />
      <Shortcuts model={model} />
    </div>
  </Sheet>
);
