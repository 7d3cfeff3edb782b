/** Connects a call to its page: keys, network, screen lock, announcements, and the state in attributes of <main>. */
import { effect } from "@preact/signals";
import { $, announce, on } from "../lib/dom.ts";
import { listenToKeys } from "./keys.ts";
import { isTalking } from "./machine.ts";
import type { CallState } from "./model.ts";
import { MutedEar } from "./muted.ts";
import type { CallModel } from "./state.ts";
import { spoken } from "./voice.ts";
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

const speak = ({ state, sheet }: CallModel): (() => void) => {
  let before = state.peek();
  return effect(() => {
    const after = state.value;
    const words = spoken(before, after, sheet.peek() === "chat");
    before = after;
    if (words.length > 0) announce(words.join(" "));
  });
};

/** Says "You are back" for a moment after the picture came back. */
const remarkReturn = ({ state, back }: CallModel): (() => void) => {
  let before = state.peek().phase;
  return effect(() => {
    const { phase } = state.value;
    if (before === "recovering" && phase === "live") {
      back.value = true;
      setTimeout(() => {
        back.value = false;
      }, BACK_MS);
    }
    before = phase;
  });
};

const hintWhenMuted = ({ state, mutedHint }: CallModel): (() => void) => {
  const ear = new MutedEar(() => {
    if (mutedHint.peek()) return;
    mutedHint.value = true;
    setTimeout(() => {
      mutedHint.value = false;
    }, HINT_MS);
  });
  const stop = effect(() => {
    const { phase, local } = state.value;
    ear.listen(isTalking(phase) && !local.mic ? local.track.microphone : null);
    if (local.mic) mutedHint.value = false;
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
    remarkReturn(model),
    hintWhenMuted(model),
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
