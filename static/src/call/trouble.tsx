/** A sentence in a frame, with what can be done about it; and the one about a device that is wanted and not there. */
import type { ComponentChildren } from "preact";
import { t } from "../lib/i18n.ts";
import { Icon, type IconName } from "../lib/icon.tsx";
import type { CallModel } from "./state.ts";
import { deviceWords, type Notice } from "./words.ts";

interface BannerProps {
  tone: Notice["tone"];
  icon: IconName;
  text: string;
  onClose?: () => void;
  children?: ComponentChildren;
}

export const Banner = ({ tone, icon, text, onClose, children }: BannerProps) => (
  <div class={`banner ${tone}`}>
    <Icon name={icon} />
    <p>{text}</p>
    {children}
    {onClose ? (
      <button type="button" class="button quiet icon-only" aria-label={t("Close")} onClick={onClose}>
        <Icon name="x" />
      </button>
    ) : null}
  </div>
);

export const DeviceTrouble = ({ model }: { model: CallModel }) => {
  const words = deviceWords(model.state.value.local);
  const { call } = model;
  return words === null ? null : (
    <Banner tone="warn" icon="triangle-alert" text={words}>
      <button type="button" class="button" onClick={() => void call.media.retry()}>
        {t("Try again")}
      </button>
    </Banner>
  );
};
