/** The call as a pane: who and how well on top, the picture, the controls below; for the patient's room and for the desk. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { listWords, t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { CaptionWriter } from "./captions.tsx";
import { Log, Writer } from "./chat.tsx";
import type { Call } from "./client.ts";
import { Controls } from "./controls.tsx";
import { listenersOf } from "./layout.ts";
import type { CallState } from "./model.ts";
import { MoreSheet } from "./more.tsx";
import { RecordingSign } from "./recording.tsx";
import { Sheet } from "./sheet.tsx";
import { Stage } from "./stage.tsx";
import { type CallModel, modelOf } from "./state.ts";
import { otherOf, qualityWords, withWords, worstQuality } from "./words.ts";

export type Layout = "room" | "desk";

/** A patient is not told that all is well; a professional is. */
const Connection = ({ state, layout }: { state: CallState; layout: Layout }) => {
  if (state.phase === "recovering")
    return (
      <p class="connection weak">
        <Icon name="wifi-off" /> {t("Reconnecting…")}
      </p>
    );
  const quality = worstQuality(state);
  if (state.phase !== "live" || (quality === "good" && layout === "room")) return null;
  return (
    <p class={`connection ${quality}`}>
      <Icon name={quality === "weak" ? "wifi-off" : "wifi"} /> {qualityWords(quality)}
    </p>
  );
};

/** Whoever listens is named to everybody, and has no tile. */
const Listening = ({ state }: { state: CallState }) => {
  const names = listenersOf(state).map(({ name }) => name);
  if (state.me?.quiet)
    return <p class="listening">{t("You see and hear, and send nothing. Everybody sees that you are here.")}</p>;
  return names.length === 0 ? null : (
    <p class="listening">
      <Icon name="ear" /> {t("Listening: {names}", { names: listWords(names) })}
    </p>
  );
};

/** The desk has a heading of its own above the pane. */
const Top = ({ model, layout }: { model: CallModel; layout: Layout }) => {
  const state = model.state.value;
  const companion = otherOf(state)?.companion;
  const Heading = layout === "room" ? "h1" : "h2";
  const heading = useRef<HTMLHeadingElement>(null);
  // What had the focus in the waiting room is gone.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus();
  }, []);
  return (
    <header class="pane-top">
      <Heading ref={heading} tabIndex={-1}>
        {withWords(state, model.name.value)}
        {companion ? <small> {t("with {name}", { name: companion })}</small> : null}
      </Heading>
      <Listening state={state} />
      {state.line === "retrying" ? <p class="connection fair">{t("Chat is reconnecting…")}</p> : null}
      <Connection state={state} layout={layout} />
      <RecordingSign model={model} />
    </header>
  );
};

const ChatSheet = ({ model }: { model: CallModel }) => (
  <Sheet model={model} name="chat" title={t("Chat")}>
    <Log model={model} empty={t("Nothing has been written yet. Messages stay with the consultation.")} />
    <Writer model={model} focus={true} />
  </Sheet>
);

interface CallPaneProps {
  call: Call;
  layout: Layout;
  /** The number that is offered when no connection comes about. */
  phone: string | null;
  /** Instead of leaving at once. */
  onLeave?: () => void;
  /** Ends the consultation for all; without it there is no such button. */
  onEnd?: () => void;
  /** What a professional adds: a sheet about the people, which only their page need carry. */
  people?: ComponentChildren;
}

/** To be shown while somebody is in the call (`isTalking`). */
export const CallPane = ({ call, layout, phone, onLeave, onEnd, people }: CallPaneProps) => {
  const model = modelOf(call);
  useEffect(() => {
    model.phone.value = phone;
  }, [model, phone]);
  return (
    <section class={`pane ${layout}`} aria-label={t("Video call")}>
      <Top model={model} layout={layout} />
      <Stage model={model} />
      <ChatSheet model={model} />
      <MoreSheet model={model} layout={layout} />
      {people}
      <CaptionWriter model={model} />
      <Controls model={model} layout={layout} onLeave={onLeave ?? (() => void call.leave())} onEnd={onEnd} />
    </section>
  );
};
