/** Ends the consultation for everybody, and asks how it ended: complete, or not suitable for video. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import type { Outcome } from "../lib/wire.ts";
import { tryTo } from "./deeds.ts";
import type { CallModel } from "./state.ts";

interface ChoiceProps {
  value: Outcome;
  chosen: Outcome;
  choose: (outcome: Outcome) => void;
  label: string;
}

const Choice = ({ value, chosen, choose, label }: ChoiceProps) => (
  <label class="choice">
    <input type="radio" name="outcome" value={value} checked={chosen === value} onChange={() => choose(value)} />
    <span>{label}</span>
  </label>
);

export const EndDialog = ({ model, onClose }: { model: CallModel; onClose: () => void }) => {
  const element = useRef<HTMLDialogElement>(null);
  const [outcome, choose] = useState<Outcome>("completed");
  const [reason, setReason] = useState("");
  useLayoutEffect(() => element.current?.showModal(), []);
  const end = (event: Event) => {
    event.preventDefault();
    onClose();
    tryTo(model, () => model.call.command("end", { outcome, reason: reason.trim() || null }));
  };
  return (
    <dialog ref={element} class="dialog end" aria-labelledby="end-title" onClose={onClose}>
      <form class="stack" onSubmit={end}>
        <h2 id="end-title">{t("End the consultation for everybody?")}</h2>
        <Choice value="completed" chosen={outcome} choose={choose} label={t("It is complete")} />
        <Choice value="unsuitable" chosen={outcome} choose={choose} label={t("It was not suitable for video")} />
        {outcome === "unsuitable" ? (
          <div class="field">
            <label for="end-reason">{t("Why, and how it goes on (optional)")}</label>
            <textarea
              id="end-reason"
              maxLength={2000}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </div>
        ) : null}
        <div class="row">
          <button type="submit" class="button danger">
            {t("End for all")}
          </button>
          <button type="button" class="button" onClick={() => element.current?.close()}>
            {t("Go back")}
          </button>
        </div>
      </form>
    </dialog>
  );
};
