/** The dialog before a signature: exactly the text that is going to be signed, who wrote it, and the password. */
import { useEffect, useMemo } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Dialog } from "../today/dialog.tsx";
import { Refusal } from "../today/form.tsx";
import type { Listed } from "./listed.ts";
import { askOf, type Review, Signing, type Wish } from "./signing.ts";
import { contributorWords, wishWords, writingWords } from "./signwords.ts";
import { Written } from "./text.tsx";

const Password = ({ signing }: { signing: Signing }) => {
  const refused = signing.refused.value;
  return (
    <div class={refused ? "field invalid" : "field"}>
      <label for="sign-password">{t("Your password")}</label>
      <p class="hint" id="sign-hint">
        {t("It shows that it is you who signs.")}
      </p>
      <p class="error" id="sign-error" role="alert">
        {refused}
      </p>
      <input
        id="sign-password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        aria-invalid={refused !== null}
        aria-describedby="sign-hint sign-error"
      />
    </div>
  );
};

const Looked = ({ review }: { review: Review }) => (
  <>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled with the keyboard, too */}
    <section class="sign-text" tabIndex={0} aria-label={t("The text")}>
      <Written sections={review.sections} />
    </section>
    <p class="small">{contributorWords(review.contributors)}</p>
    {review.writing.length > 0 ? <p class="callout warn">{writingWords(review.writing)}</p> : null}
  </>
);

interface SignDialogProps {
  note: Listed;
  wish: Wish;
  done: (note: Listed) => void;
  close: () => void;
}

export const SignDialog = ({ note, wish, done, close }: SignDialogProps) => {
  const signing = useMemo(() => new Signing(wish, askOf(note.id)), []);
  useEffect(() => void signing.look(), [signing]);
  const words = wishWords(wish);
  const review = signing.review.value;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    void signing.go(String(form.get("password") ?? "")).then((told) => told && done(told));
  };
  return (
    <Dialog title={words.title} onClose={close}>
      <form class="dialog-form" onSubmit={submit}>
        <Refusal asker={{ ...signing, close }} />
        <p>{words.meaning}</p>
        {review ? <Looked review={review} /> : null}
        {review === null && signing.error.value === null ? <p class="soft">{t("Fetching the text…")}</p> : null}
        {wish === "release" ? null : <Password signing={signing} />}
        <div class="dialog-foot">
          <button type="button" class="button quiet" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button primary" aria-disabled={signing.busy.value || review === null}>
            {signing.busy.value ? t("One moment…") : words.go}
          </button>
        </div>
      </form>
    </Dialog>
  );
};
