/** Connects a call to its page: keys, network, screen lock, announcements, and the state in attributes of <main>. */
import { effect } from "@preact/signals";
import { $, announce, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { followMicrophones } from "./headset.ts";
import { listenToKeys } from "./keys.ts";
import { isTalking } from "./machine.ts";
import type { CallState } from "./model.ts";
import { MutedEar } from "./muted.ts";
import { speakRecording } from "./recording.tsx";
import { type CallModel, chatInSight } from "./state.ts";
import { Steady } from "./steady.ts";
import { crossingWords, lineWords, returnWords, spoken } from "./voice.ts";
import { WakeLock } from "./wake.ts";

const BACK_MS = 4_000;
const HINT_MS = 6_000;

const mark = ({ phase, line, local, remotes }: CallState): void => {
  const { dataset } = $("main");
  dataset.callState = phase;
  dataset.line = line;
  dataset.mic = local.mic ? "on" : "off";
  dataset.camera = local.camera ? "on" : "off";
  dataset.screen = local.screen ? "on" : "off";
  dataset.media = remotes.some(({ view }) => view.connected) ? "connected" : "none";
};

const speak = ({ state, sheet, name }: CallModel): (() => void) => {
  let before = state.peek();
  return effect(() => {
    const after = state.value;
    const words = spoken(before, after, name.peek(), chatInSight(after, sheet.peek()));
    before = after;
    if (words.length > 0) announce(words.join(" "));
  });
};

/** The line may come and go every second: what is said of it has lasted. */
const speakLine = ({ state, phone, name }: CallModel): (() => void) => {
  const over = (): string =>
    state.peek().phase === "live" ? t("You are connected with {name}.", { name: name.peek() }) : "";
  const steady = new Steady((words) => announce(words || over()));
  return effect(() => steady.hear(lineWords(state.value, phone.value)));
};

/** Shows for a moment who is back, who joined and who left. */
const remarkPeople = ({ state, back }: CallModel): (() => void) => {
  let before = state.peek();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return effect(() => {
    const after = state.value;
    const words = [returnWords(before, after), ...crossingWords(before, after)].filter((each) => each !== null);
    before = after;
    if (words.length === 0) return;
    back.value = words.join(" ");
    clearTimeout(timer);
    timer = setTimeout(() => {
      back.value = null;
    }, BACK_MS);
  });
};

const hintOnce = ({ mutedHint }: CallModel): void => {
  if (mutedHint.peek()) return;
  mutedHint.value = true;
  setTimeout(() => {
    mutedHint.value = false;
  }, HINT_MS);
};

const hintWhenMuted = (model: CallModel): (() => void) => {
  const ear = new MutedEar(() => hintOnce(model));
  const stop = effect(() => {
    const { phase, local } = model.state.value;
    ear.listen(isTalking(phase) && !local.mic ? local.track.microphone : null);
    if (local.mic) model.mutedHint.value = false;
  });
  return () => {
    stop();
    ear.listen(null);
  };
};

const stayAwake = ({ state }: CallModel, lock: WakeLock): (() => void) => {
  let wanted = false;
  return effect(() => {
    const { phase, me } = state.value;
    const next = isTalking(phase) || (phase === "waiting" && me?.role === "patient");
    if (next !== wanted) lock.want(next);
    wanted = next;
  });
};

interface NetworkInformation extends EventTarget {
  type?: string;
}

/** `change` also comes with every new estimate of the speed; only another kind of network matters. */
const followNetwork = ({ call }: CallModel): (() => void) => {
  const { connection } = navigator as Navigator & { connection?: NetworkInformation };
  let type = connection?.type;
  const changed = (): void => {
    if (connection?.type === type) return;
    type = connection?.type;
    call.networkChanged();
  };
  const offs = [
    on(window, "online", () => call.networkChanged()),
    connection ? on(connection, "change", changed) : null,
  ];
  return () => {
    for (const off of offs) off?.();
  };
};

const followLooks = ({ call }: CallModel, lock: WakeLock): (() => void) =>
  on(document, "visibilitychange", () => {
    if (document.hidden) return;
    void call.hurry();
    void lock.renew();
  });

const followTextSize = ({ textSize }: CallModel): (() => void) =>
  effect(() => {
    document.documentElement.dataset.text = textSize.value;
  });

/** Begins to attend to the page; the answer ends it. */
export const attend = (model: CallModel): (() => void) => {
  const lock = new WakeLock();
  const ends = [
    effect(() => mark(model.state.value)),
    speak(model),
    speakLine(model),
    speakRecording(model),
    remarkPeople(model),
    hintWhenMuted(model),
    followMicrophones(model),
    stayAwake(model, lock),
    followNetwork(model),
    followLooks(model, lock),
    followTextSize(model),
    listenToKeys(model),
  ];
  return () => {
    for (const end of ends) end();
    lock.want(false);
  };
};
