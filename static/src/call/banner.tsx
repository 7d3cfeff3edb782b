/** Sentences over the picture: the network, the devices, a muted microphone, a deed that failed. */
import { t } from "../lib/i18n.ts";
import { telUrl } from "../lib/urls.ts";
import { RecordingQuestion } from "./recording.tsx";
import type { CallModel } from "./state.ts";
import { Banner, Devices } from "./trouble.tsx";
import { type Notice, noticeOf } from "./words.ts";

const Action = ({ model, action, phone }: { model: CallModel; action: Notice["action"]; phone: string | null }) => {
  if (action === "devices")
    return (
      <button
        type="button"
        class="button primary"
        onClick={() => {
          model.sheet.value = "more";
        }}
      >
        {t("Devices")}
      </button>
    );
  if (action === "sound_only")
    return (
      <button type="button" class="button primary" onClick={() => void model.call.setSoundOnly(true)}>
        {t("Sound only")}
      </button>
    );
  return action === "phone" && phone !== null ? (
    <a class="button primary" href={telUrl(phone)}>
      {t("Call")}
    </a>
  ) : null;
};

/** Not in the live region: a line that comes and goes every second would never stop talking (`speakLine`). */
const Network = ({ model }: { model: CallModel }) => {
  const phone = model.phone.value;
  const notice = noticeOf(model.state.value, phone, model.back.value);
  return notice ? (
    <Banner tone={notice.tone} icon={notice.tone === "good" ? "wifi" : "wifi-off"} text={notice.text}>
      <Action model={model} action={notice.action} phone={phone} />
    </Banner>
  ) : null;
};

const SoundOnly = ({ model }: { model: CallModel }) =>
  model.state.value.soundOnly ? (
    <Banner tone="calm" icon="headphones" text={t("Sound only")}>
      <button type="button" class="button" onClick={() => void model.call.setSoundOnly(false)}>
        {t("Picture on")}
      </button>
    </Banner>
  ) : null;

const MutedHint = ({ model }: { model: CallModel }) =>
  model.mutedHint.value ? (
    <Banner tone="calm" icon="mic-off" text={t("You are muted.")}>
      <button type="button" class="button primary" onClick={() => void model.call.media.setMic(true)}>
        {t("Unmute")}
      </button>
    </Banner>
  ) : null;

const Failed = ({ model }: { model: CallModel }) => {
  const close = () => {
    model.trouble.value = null;
  };
  return model.trouble.value === null ? null : (
    <Banner tone="warn" icon="circle-alert" text={model.trouble.value} onClose={close} />
  );
};

export const Banners = ({ model }: { model: CallModel }) => (
  <div class="banners">
    <RecordingQuestion model={model} />
    <Network model={model} />
    <Devices model={model}>
      <MutedHint model={model} />
      <Failed model={model} />
    </Devices>
    <SoundOnly model={model} />
  </div>
);
