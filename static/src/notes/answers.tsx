/** What the patient answered before the consultation, beside the note, and the way to take it into the note. */
import { type Signal, signal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { announce } from "../lib/dom.ts";
import { formatDay, formatTime, t } from "../lib/i18n.ts";
import type { NoteEditor } from "./editor.ts";
import { loadAnswers, type SentAnswers } from "./texts.ts";

type Loaded = { sent: SentAnswers | null } | "missing" | null;

class Answered {
  readonly loaded: Signal<Loaded> = signal(null);
  readonly #note: string;

  constructor(note: string) {
    this.#note = note;
  }

  async load(): Promise<void> {
    this.loaded.value = null;
    try {
      this.loaded.value = await loadAnswers(this.#note);
    } catch {
      this.loaded.value = "missing";
    }
  }
}

const Lines = ({ sent }: { sent: SentAnswers }) => (
  <>
    <p class="soft small">
      {t("Sent on {day}, {time}", { day: formatDay(sent.sent_at), time: formatTime(sent.sent_at) })}
    </p>
    <dl class="answer-lines">
      {(sent.lines ?? []).map(({ question, answer }, place) => (
        <div key={place}>
          <dt dir="auto">{question}</dt>
          <dd dir="auto">{answer ?? <span class="soft">{t("Not answered")}</span>}</dd>
        </div>
      ))}
      {sent.bmi ? (
        <div>
          <dt>{t("Body mass index")}</dt>
          <dd>{sent.bmi}</dd>
        </div>
      ) : null}
    </dl>
  </>
);

interface AnswersProps {
  note: string;
  editor: NoteEditor;
  editable: boolean;
  close: () => void;
}

const Inside = ({ answered, editor, editable }: { answered: Answered } & Omit<AnswersProps, "note" | "close">) => {
  const loaded = answered.loaded.value;
  if (loaded === null) return <p class="soft">{t("Opening the answers…")}</p>;
  if (loaded === "missing")
    return (
      <div class="callout danger" role="alert">
        <p>{t("The answers could not be loaded.")}</p>
        <button type="button" class="button" onClick={() => void answered.load()}>
          {t("Try again")}
        </button>
      </div>
    );
  const { sent } = loaded;
  if (sent === null) return <p class="soft">{t("The patient has sent no answers yet.")}</p>;
  if (sent.lines === null) return <p class="callout warn">{t("These answers cannot be read any more.")}</p>;
  const insert = (): void => {
    if (editor.insertBlocks(sent.nodes)) announce(t("The answers were inserted."));
  };
  return (
    <>
      <Lines sent={sent} />
      {editable ? (
        <button type="button" class="button" onClick={insert}>
          {t("Insert into the note")}
        </button>
      ) : null}
    </>
  );
};

export const Answers = ({ note, editor, editable, close }: AnswersProps) => {
  const answered = useMemo(() => new Answered(note), [note]);
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => {
    void answered.load();
    heading.current?.focus();
  }, [answered]);
  const shut = (): void => {
    const opener = heading.current?.closest(".note")?.querySelector<HTMLElement>("[data-opens=answers]");
    close();
    opener?.focus();
  };
  return (
    <aside class="note-earlier note-answers" aria-labelledby={id}>
      <div class="earlier-head">
        <h3 ref={heading} id={id} tabIndex={-1}>
          {t("The patient's answers")}
        </h3>
        <button type="button" class="button small" onClick={shut}>
          {t("Close the answers")}
        </button>
      </div>
      <Inside answered={answered} editor={editor} editable={editable} />
    </aside>
  );
};
