/** The waiting room: an honest status, our own picture, messages both ways, and a sound for when the wait is over. */
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { Log, Writer } from "./chat.tsx";
import { Camera, Mute } from "./controls.tsx";
import type { CallState } from "./model.ts";
import { SelfView } from "./self.tsx";
import type { CallModel } from "./state.ts";
import type { Summons } from "./summons.ts";
import { Devices } from "./trouble.tsx";
import { initials, interruptedWords, otherOf, waitingWords } from "./words.ts";

const TICK_MS = 10_000;

/** Minutes since `since`, by this page's own clock where the device's clock is wrong. */
const useMinutes = (since: string | null): number => {
  const [opened] = useState(Date.now);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const begun = since === null ? now : Date.parse(since);
  return Math.floor((now - Math.min(begun, opened)) / 60_000);
};

const knows = (state: CallState, name: string): string => {
  if (state.line !== "open") return interruptedWords();
  if (otherOf(state)?.present) return t("{name} knows you are here.", { name });
  return t("{name} is not at the desk yet, and will see that you are waiting.", { name });
};

const Status = ({ model, name }: { model: CallModel; name: string }) => {
  const state = model.state.value;
  const minutes = useMinutes(state.me?.since ?? null);
  return (
    <section class={`card status ${state.line === "open" ? "" : "quiet"}`}>
      <span class="avatar pulse" aria-hidden="true">
        {initials(name)}
      </span>
      <div>
        <p class="knows" role="status">
          {knows(state, name)}
        </p>
        <p class="soft">{waitingWords(minutes)}</p>
      </div>
    </section>
  );
};

const Hold = ({ model, name }: { model: CallModel; name: string }) => {
  const { hold } = model.state.value;
  return (
    <div role="status">
      {hold === null ? null : (
        <div class="callout warn">
          <strong>{t("{name} asks you to wait a little longer.", { name })}</strong>
          {hold.body === null ? null : <p dir="auto">{hold.body}</p>}
        </div>
      )}
    </div>
  );
};

const Bell = ({ summons }: { summons: Summons }) => {
  const on = summons.chime.state.value === "on";
  return (
    <div class="bell">
      <button type="button" class="button" onClick={() => summons.allow()}>
        <Icon name="bell" />
        {on ? t("Play it once more") : t("Play a sound so I hear when I am called")}
      </button>
      <p class="soft small" role="status">
        {on ? t("You will hear this sound when it is your turn.") : ""}
      </p>
    </div>
  );
};

const Mirror = ({ model }: { model: CallModel }) => (
  <section class="card mirror" aria-label={t("Your camera and microphone")}>
    <SelfView model={model} />
    <div class="controls">
      <Mute model={model} />
      <Camera model={model} />
    </div>
    <Devices model={model} />
  </section>
);

const Messages = ({ model, name }: { model: CallModel; name: string }) => (
  <section class="card messages" aria-labelledby="messages-title">
    <h2 id="messages-title">{t("Messages")}</h2>
    <Log model={model} empty={t("You can write to {name} while you wait.", { name })} />
    <Writer model={model} focus={false} />
  </section>
);

/** The page has changed under the reader: its heading takes the focus. */
export const Title = ({ children }: { children: string }) => {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
};

interface WaitingProps {
  model: CallModel;
  summons: Summons;
  name: string;
  onLeave: () => void;
}

export const Waiting = ({ model, summons, name, onLeave }: WaitingProps) => (
  <div class="waiting">
    <div class="stack">
      <Title>{t("You are in the waiting room")}</Title>
      <Status model={model} name={name} />
      <Hold model={model} name={name} />
      <p>{t("Keep this page open. The call begins here by itself.")}</p>
      <Bell summons={summons} />
    </div>
    <Mirror model={model} />
    {model.state.value.me?.role === "guest" ? null : <Messages model={model} name={name} />}
    <button type="button" class="button quiet" onClick={onLeave}>
      <Icon name="log-out" />
      {t("Leave")}
    </button>
  </div>
);
