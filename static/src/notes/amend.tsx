/** The dialog that begins a note beside a locked one: its text to put right, or an empty page to add to it. */
import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Form, text } from "../today/form.tsx";
import type { Listed } from "./listed.ts";
import { askOf, sentence } from "./signing.ts";

export type AmendPurpose = "amendment" | "addendum";

interface AmendDialogProps {
  note: Listed;
  purpose: AmendPurpose;
  done: (note: Listed) => void;
  close: () => void;
}

const LONGEST_REASON = 500;

const askerOf = (close: () => void) => ({ busy: signal(false), error: signal<string | null>(null), close });

const wordsOf = (purpose: AmendPurpose) =>
  purpose === "amendment"
    ? {
        title: t("Amend this note"),
        meaning: t("A new note opens with this text, to be put right. The locked one stays as it is."),
      }
    : { title: t("Add to this note"), meaning: t("An empty page opens beside the locked note, which stays as it is.") };

export const AmendDialog = ({ note, purpose, done, close }: AmendDialogProps) => {
  const asker = useMemo(() => askerOf(close), []);
  const words = wordsOf(purpose);
  const run = async (values: FormData): Promise<void> => {
    if (asker.busy.value) return;
    asker.busy.value = true;
    asker.error.value = null;
    try {
      done(await askOf(note.id)<Listed>("amend", { purpose, reason: text(values, "reason") }));
    } catch (error) {
      asker.error.value = sentence(error);
    } finally {
      asker.busy.value = false;
    }
  };
  return (
    <Form asker={asker} title={words.title} go={t("Begin")} run={(values) => void run(values)}>
      <p>{words.meaning}</p>
      <div class="field">
        <label for="amend-reason">{t("Why?")}</label>
        <p class="hint" id="amend-hint">
          {t("For the record, beside the new note.")}
        </p>
        <textarea
          id="amend-reason"
          name="reason"
          rows={2}
          maxLength={LONGEST_REASON}
          required
          aria-describedby="amend-hint"
          dir="auto"
        />
      </div>
    </Form>
  );
};
