/** The call as a pane: who and how well on top, the picture, the controls below; for the patient's room and for the desk. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { ChatSheet } from "./chat.tsx";
import type { Call } from "./client.ts";
import { Controls } from "./controls.tsx";
import { tryTo } from "./deeds.ts";
import { EndDialog } from "./end.tsx";
import { isOver, isTalking } from "./machine.ts";
import type { CallState } from "./model.ts";
import { MoreSheet } from "./more.tsx";
import { isOverFor, patientOf } from "./roster.ts";
import { Stage } from "./stage.tsx";
import { type CallModel, modelOf } from "./state.ts";
import { otherOf, qualityWords } from "./words.ts";

export type Layout = "room" | "desk";

const worst = (state: CallState): "good" | "fair" | "weak" => {
  const view = state.remotes[0]?.view;
  if (!view || view.mine === "weak" || view.theirs === "weak") return view ? "weak" : "good";
  return view.mine === "fair" || view.theirs === "fair" ? "fair" : "good";
};

/** A patient is not told that all is well; a professional is. */
const Connection = ({ state, layout }: { state: CallState; layout: Layout }) => {
  if (state.phase === "recovering")
    return (
      <p class="connection weak">
        <Icon name="wifi-off" /> {t("Reconnecting…")}
      </p>
    );
  const quality = worst(state);
  if (state.phase !== "live" || (quality === "good" && layout === "room")) return null;
  return (
    <p class={`connection ${quality}`}>
      <Icon name={quality === "weak" ? "wifi-off" : "wifi"} /> {qualityWords(quality)}
    </p>
  );
};

const Top = ({ state, layout }: { state: CallState; layout: Layout }) => {
  const other = otherOf(state);
  return (
    <header class="pane-top">
      <h2>
        {other?.name ?? ""}
        {other?.companion ? <small> {t("with {name}", { name: other.companion })}</small> : null}
      </h2>
      {state.line === "retrying" && isTalking(state.phase) ? (
        <p class="connection fair">{t("Chat is reconnecting…")}</p>
      ) : null}
      <Connection state={state} layout={layout} />
    </header>
  );
};

/** What a professional can do while nobody talks: take the place, let the patient in, come back. */
const Invitation = ({ model }: { model: CallModel }) => {
  const { call, state } = model;
  const { phase, roster, full, me } = state.value;
  const patient = patientOf(roster);
  if (phase === "replaced") return <Big onClick={() => void call.again()} label={t("Use here")} />;
  if (phase === "failed") return <Big onClick={() => void call.again()} label={t("Try again")} />;
  if (phase === "left" && !isOverFor(roster)) return <Big onClick={() => void call.again()} label={t("Join again")} />;
  if (isOver(phase) || me?.role !== "professional" || full) return null;
  if (patient?.stage === "waiting")
    return <Big onClick={() => tryTo(model, () => call.admit())} label={t("Admit {name}", { name: patient.name })} />;
  return me.stage === "in_call" ? null : (
    <Big onClick={() => tryTo(model, () => call.enter())} label={t("Join the call")} />
  );
};

const Big = ({ label, onClick }: { label: string; onClick: () => void }) => (
  <button type="button" class="button primary big" onClick={onClick}>
    {label}
  </button>
);

interface CallPaneProps {
  call: Call;
  layout: Layout;
  /** The number that is offered when the connection does not come back. */
  phone?: string | null;
  /** Instead of leaving at once, and instead of the pane's own question how it ended. */
  onLeave?: () => void;
  onEnd?: () => void;
  /** On the stage while nobody talks, instead of the pane's own button. */
  children?: ComponentChildren;
}

export const CallPane = ({ call, layout, phone = null, onLeave, onEnd, children }: CallPaneProps) => {
  const model = modelOf(call);
  const state = model.state.value;
  const [asking, ask] = useState(false);
  const controls = !isOver(state.phase) && (layout === "room" || state.me?.stage === "in_call");
  const end = onEnd ?? (() => ask(true));
  return (
    <section class={`pane ${layout}`} aria-label={t("Video call")}>
      <Top state={state} layout={layout} />
      <Stage model={model} other={otherOf(state)} phone={phone}>
        {children ?? <Invitation model={model} />}
      </Stage>
      <ChatSheet model={model} />
      <MoreSheet model={model} share={layout === "room"} />
      {controls ? (
        <Controls
          model={model}
          layout={layout}
          onLeave={onLeave ?? (() => void call.leave())}
          onEnd={layout === "desk" ? end : undefined}
        />
      ) : null}
      {asking ? <EndDialog model={model} onClose={() => ask(false)} /> : null}
    </section>
  );
};
