/** Recording in the call: the professional's switch, the question to everybody, the sign, and the way out. */
import { effect } from "@preact/signals";
import { useId } from "preact/hooks";
import { announce } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { Commands } from "../lib/wire.ts";
import { askerOf, awaitingWords, mayTakeBack, recordingNews, signWords, unseenWords } from "./consenting.ts";
import type { CallModel } from "./state.ts";

const tell = <T extends "record" | "agree">({ call, trouble }: CallModel, kind: T, body: Commands[T]): void => {
  void call.command(kind, body).catch((error: Error) => {
    trouble.value = error.message;
  });
};

const Sign = ({ words, state }: { words: string | null; state: string }) =>
  words === null ? null : (
    <p class={`recorded ${state}`}>
      <Icon name="circle-dot" /> <span>{words}</span>
    </p>
  );

/** Always in sight while it is on or paused. */
export const RecordingSign = ({ model: { state } }: { model: CallModel }) => (
  <>
    <Sign words={signWords(state.value)} state={state.value.roster.recording.state} />
    <Sign words={unseenWords(state.value)} state="paused" />
  </>
);

/** Over the picture, and never in the way of the focus: it is announced, and waits. */
export const RecordingQuestion = ({ model }: { model: CallModel }) => {
  const heading = useId();
  const state = model.state.value;
  const { question } = state.roster.recording;
  const waiting = awaitingWords(state);
  if (waiting !== null) {
    return (
      <div class="banner calm">
        <Icon name="circle-dot" />
        <p>{waiting}</p>
      </div>
    );
  }
  if (question === null) return null;
  return (
    <section class="banner consent" aria-labelledby={heading}>
      <div class="consent-words">
        <h2 id={heading}>{t("{name} asks to record this call", { name: askerOf(state) })}</h2>
        <p>
          <strong>{question.sentence}</strong>
        </p>
        <p>{question.more}</p>
      </div>
      <div class="row">
        <button type="button" class="button primary" onClick={() => tell(model, "agree", { yes: true })}>
          {t("Yes, I agree")}
        </button>
        <button type="button" class="button" onClick={() => tell(model, "agree", { yes: false })}>
          {t("No")}
        </button>
      </div>
    </section>
  );
};

const Row = ({ text, onClick }: { text: string; onClick: () => void }) => (
  <button type="button" class="more-row" onClick={onClick}>
    <Icon name="circle-dot" />
    <span>{text}</span>
  </button>
);

const Starting = ({ model }: { model: CallModel }) => {
  const on = model.state.value.roster.recording.state === "off";
  const set = (): void => {
    model.sheet.value = null;
    tell(model, "record", { on });
  };
  return <Row text={on ? t("Record: ask everybody") : t("Stop recording, and keep it")} onClick={set} />;
};

/** For professionals to begin and to stop; for everybody to take back what they agreed to. */
export const RecordingRows = ({ model }: { model: CallModel }) => {
  const state = model.state.value;
  const back = (): void => {
    model.sheet.value = null;
    tell(model, "agree", { yes: false });
  };
  return (
    <>
      {state.me?.role === "professional" ? <Starting model={model} /> : null}
      {mayTakeBack(state) ? <Row text={t("I no longer agree: stop and delete the recording")} onClick={back} /> : null}
    </>
  );
};

export const speakRecording = ({ state }: CallModel): (() => void) => {
  let before = state.peek();
  return effect(() => {
    const after = state.value;
    const words = recordingNews(before, after);
    before = after;
    if (words !== "") announce(words);
  });
};
