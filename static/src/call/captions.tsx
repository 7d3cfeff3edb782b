/** Captions over the picture, the field in which they are typed, and their switches. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon, type IconName } from "../lib/icon.tsx";
import { CAPTION_CHARACTERS } from "../lib/wire.ts";
import type { CaptionLine } from "./captions.ts";
import { participantOf } from "./roster.ts";
import type { CallModel } from "./state.ts";

const nameOf = ({ state }: CallModel, id: string): string => {
  const { me, roster } = state.value;
  return id === me?.id ? t("You") : (participantOf(roster, id)?.name ?? "");
};

const sourceWords = (model: CallModel, { from, source }: CaptionLine): string => {
  if (source === "typed") return t("typed");
  const own = from === model.state.value.me?.id;
  return own ? t("made by your browser") : t("made by {name}'s browser", { name: nameOf(model, from) });
};

const Line = ({ model, line }: { model: CallModel; line: CaptionLine }) => (
  <li class={line.final ? "caption" : "caption interim"}>
    <span class="caption-who">
      <bdi>{nameOf(model, line.from)}</bdi> <small>{sourceWords(model, line)}</small>
    </span>
    <span dir="auto">{line.body}</span>
  </li>
);

/** Every letter that is still being typed would be read anew: what is read aloud is what is finished. */
const Aloud = ({ model }: { model: CallModel }) => (
  <div class="unseen" role="log" aria-label={t("Captions")} aria-live={model.captions.aloud.value ? "polite" : "off"}>
    {model.captions.aloud.value
      ? model.captions.lines.value
          .filter(({ final, from }) => final && from !== model.state.value.me?.id)
          .map(({ id, from, body }) => (
            <p key={id}>
              {nameOf(model, from)}: {body}
            </p>
          ))
      : null}
  </div>
);

export const Captions = ({ model }: { model: CallModel }) => {
  const { shown, lines } = model.captions;
  if (!shown.value) return null;
  return (
    <>
      <ul class="captions" aria-hidden={model.captions.aloud.value ? "true" : undefined}>
        {lines.value.map((line) => (
          <Line key={line.id} model={model} line={line} />
        ))}
      </ul>
      <Aloud model={model} />
    </>
  );
};

const Field = ({ model }: { model: CallModel }) => {
  const { typist, typing } = model.captions;
  const [text, setText] = useState("");
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    return () => typist.finish();
  }, [typist]);
  const send = (event: Event) => {
    event.preventDefault();
    typist.finish();
    setText("");
  };
  return (
    <form class="caption-writer" onSubmit={send}>
      <label for={id}>{t("Type captions")}</label>
      <input
        id={id}
        ref={input}
        type="text"
        value={text}
        maxLength={CAPTION_CHARACTERS}
        autoComplete="off"
        dir="auto"
        aria-describedby={`${id}-hint`}
        onInput={(event) => {
          setText(event.currentTarget.value);
          typist.type(event.currentTarget.value);
        }}
      />
      <button
        type="button"
        class="button"
        onClick={() => {
          typing.value = false;
        }}
      >
        {t("Stop typing")}
      </button>
      <p class="soft small" id={`${id}-hint`}>
        {t(
          "Others can read this over the picture while you type. Enter ends a line. It is not kept, and not part of the chat.",
        )}
      </p>
    </form>
  );
};

export const CaptionWriter = ({ model }: { model: CallModel }) =>
  model.captions.typing.value ? <Field model={model} /> : null;

interface SwitchProps {
  icon: IconName;
  on: boolean;
  onClick: () => void;
  children: string;
}

const Switch = ({ icon, on, onClick, children }: SwitchProps) => (
  <button type="button" class="more-row" aria-pressed={on} onClick={onClick}>
    <Icon name={icon} />
    <span>{children}</span>
    {on ? <Icon name="check" /> : null}
  </button>
);

const Ask = ({ model, onAnswer }: { model: CallModel; onAnswer: (yes: boolean) => void }) => {
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => yes.current?.focus(), []);
  return (
    <div class="callout stack">
      <p>
        {t(
          "Your browser writes down what you say, and the others in the call can read it. Your browser may send your voice to its maker for that.",
        )}
      </p>
      <div class="row">
        <button type="button" ref={yes} class="button primary" onClick={() => onAnswer(true)}>
          {t("Allow in this call")}
        </button>
        <button type="button" class="button" onClick={() => onAnswer(false)}>
          {t("Not now")}
        </button>
      </div>
      {model.state.value.local.mic ? null : (
        <p class="soft">{t("You are muted. It begins when you unmute yourself.")}</p>
      )}
    </div>
  );
};

/** Where the switch is: on a phone the sheet covers what stands over the picture. */
const Note = ({ children }: { children: string }) => <p class="soft small caption-note">{children}</p>;

/** Said before it begins, and asked once in each call. */
const BySpeech = ({ model }: { model: CallModel }) => {
  const { hearing, agreed, refused } = model.captions;
  const [asks, setAsks] = useState(false);
  const toggle = () => {
    if (!hearing.value && !agreed.value) setAsks(true);
    else hearing.value = !hearing.value;
  };
  const answer = (yes: boolean) => {
    setAsks(false);
    agreed.value = hearing.value = yes;
  };
  return (
    <>
      <Switch icon="mic" on={hearing.value} onClick={toggle}>
        {t("Captions of what I say, by my browser")}
      </Switch>
      {asks ? (
        <Ask model={model} onAnswer={answer} />
      ) : (
        <Note>{(hearing.value ? null : refused.value) ?? t("Your browser may send your voice to its maker.")}</Note>
      )}
    </>
  );
};

export const CaptionSwitches = ({ model }: { model: CallModel }) => {
  const { shown, show, typing, canHear, aloud, readAloud } = model.captions;
  const type = () => {
    typing.value = !typing.value;
    if (typing.value) model.sheet.value = null;
  };
  return (
    <div class="more-rows">
      <Switch icon="captions" on={shown.value} onClick={() => show(!shown.value)}>
        {t("Show captions")}
      </Switch>
      {shown.value ? (
        <label class="choice">
          <input type="checkbox" checked={aloud.value} onChange={() => readAloud(!aloud.value)} />
          <span>{t("My screen reader reads captions aloud")}</span>
        </label>
      ) : null}
      <Switch icon="keyboard" on={typing.value} onClick={type}>
        {t("Type captions")}
      </Switch>
      {canHear ? <BySpeech model={model} /> : <Note>{t("This browser makes no captions of what you say.")}</Note>}
    </div>
  );
};
