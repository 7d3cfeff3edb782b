/** A sentence in a frame, with what can be done about it; and those about devices that are not there or went away. */
import type { ComponentChildren } from "preact";
import { t } from "../lib/i18n.ts";
import { Icon, type IconName } from "../lib/icon.tsx";
import type { CallModel } from "./state.ts";
import { deviceWords, exchangeWords, type Notice } from "./words.ts";

interface BannerProps {
  tone: Notice["tone"];
  icon: IconName;
  text: string;
  onClose?: () => void;
  children?: ComponentChildren;
}

export const Banner = ({ tone, icon, text, onClose, children }: BannerProps) => (
  <div class={`banner ${tone} ${onClose ? "closable" : ""}`}>
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

const DeviceTrouble = ({ model }: { model: CallModel }) => {
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

/** Another device has taken the place of one that went away. */
const Exchanged = ({ model }: { model: CallModel }) => {
  const { call, state } = model;
  const { exchange } = state.value;
  return exchange ? (
    <Banner tone="calm" icon="info" text={exchangeWords(exchange)} onClose={() => call.dismissExchange()}>
      {exchange.before === null ? null : (
        <button type="button" class="button" onClick={() => void call.undoExchange()}>
          {t("Undo")}
        </button>
      )}
    </Banner>
  ) : null;
};

const Found = ({ model: { found, call } }: { model: CallModel }) => {
  const device = found.value;
  const close = () => {
    found.value = null;
  };
  const use = () => {
    close();
    void call.media.choose("microphone", device?.id ?? null);
  };
  return device === null ? null : (
    <Banner tone="calm" icon="headphones" text={t("{device} was found.", { device: device.label })} onClose={close}>
      <button type="button" class="button primary" onClick={use}>
        {t("Use it")}
      </button>
    </Banner>
  );
};

/** What there is to say of the devices; it is read aloud when it appears. */
export const Devices = ({ model, children }: { model: CallModel; children?: ComponentChildren }) => (
  <div class="told" aria-live="polite">
    <Exchanged model={model} />
    <Found model={model} />
    <DeviceTrouble model={model} />
    {children}
  </div>
);
