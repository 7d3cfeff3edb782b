/** The short form that every dialog of the Today list is made of. */
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Dialog } from "./dialog.tsx";

/** Whoever asks the server on behalf of a dialog. */
export interface Asker {
  readonly busy: Signal<boolean>;
  readonly error: Signal<string | null>;
  close(): void;
}

interface FormProps {
  asker: Asker;
  title: string;
  go: string;
  danger?: boolean;
  run: (values: FormData) => void;
  children: ComponentChildren;
}

const LONGEST_MESSAGE = 2000;

/** Spaces alone pass `required`; the browser then shows this sentence at the field, until it is edited. */
const refuseBlanks = (form: HTMLFormElement): boolean => {
  const fields = [
    ...form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input[required], textarea[required]"),
  ];
  const blank = fields.find(({ value }) => value.trim() === "");
  if (!blank) return false;
  blank.setCustomValidity(t("Please write something here; spaces alone are not enough."));
  blank.addEventListener("input", () => blank.setCustomValidity(""), { once: true });
  blank.reportValidity();
  return true;
};

export const Form = ({ asker, title, go, danger = false, run, children }: FormProps) => {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    if (!refuseBlanks(form)) run(new FormData(form));
  };
  return (
    <Dialog title={title} onClose={() => asker.close()}>
      <form class="dialog-form" onSubmit={submit}>
        <Refusal asker={asker} />
        {children}
        <div class="dialog-foot">
          <button type="button" class="button quiet" onClick={() => asker.close()}>
            {t("Cancel")}
          </button>
          <button type="submit" class={danger ? "button danger" : "button primary"} aria-disabled={asker.busy.value}>
            {go}
          </button>
        </div>
      </form>
    </Dialog>
  );
};

/** Comes into sight by itself: on a phone the button that was pressed is far below. */
export const Refusal = ({ asker }: { asker: Asker }) => {
  const place = useRef<HTMLDivElement>(null);
  const words = asker.error.value;
  useEffect(() => {
    if (words !== null) place.current?.scrollIntoView({ block: "nearest" });
  }, [words]);
  return (
    <div role="alert" ref={place}>
      {words && <p class="callout danger">{words}</p>}
    </div>
  );
};

export const text = (values: FormData, name: string): string => String(values.get(name) ?? "").trim();

interface WordsProps {
  label: string;
  hint?: string;
  optional?: boolean;
}

export const Words = ({ label, hint, optional = false }: WordsProps) => (
  <div class="field">
    <label for="words">{label}</label>
    {hint && (
      <p class="hint" id="words-hint">
        {hint}
      </p>
    )}
    <textarea
      id="words"
      name="words"
      rows={3}
      maxLength={LONGEST_MESSAGE}
      required={!optional}
      aria-describedby={hint ? "words-hint" : undefined}
      dir="auto"
    />
  </div>
);
