/** What is left to do after a consultation: the signature of the note, and the next appointment. */
import { useEffect, useState } from "preact/hooks";
import { post } from "../lib/api.ts";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { Listed } from "../notes/listed.ts";
import type { Parts } from "./parts.ts";

/** Whether the clinical note waits for the signature of whoever reads this. */
export const isUnsigned = (notes: readonly Listed[]): boolean =>
  notes.some(
    ({ kind, amends, may, signatures }) =>
      kind === "shared" && amends === null && may.includes("sign") && !signatures.some((one) => one.current),
  );

/** Nothing is said where the server does not answer: the note itself tells. */
const useUnsigned = (url: string): boolean => {
  const [unsigned, setUnsigned] = useState(false);
  useEffect(() => {
    post<{ notes: Listed[] }>(url).then(
      ({ notes }) => setUnsigned(isUnsigned(notes)),
      () => {},
    );
  }, [url]);
  return unsigned;
};

/** Leads to the note; on a phone its tab comes to the front. */
const toNote = ({ tab }: Parts): void => {
  tab.value = "note";
  document.getElementById("panel-note")?.focus();
};

export const Unfinished = (parts: Parts) => {
  const { actions, boot } = parts;
  const unsigned = useUnsigned(boot.notes);
  return (
    <>
      {unsigned && (
        <div class="callout stack">
          <p>{t("The note is not signed yet.")}</p>
          <button type="button" class="button small" onClick={() => toNote(parts)}>
            {t("Go to the note and sign it")}
          </button>
        </div>
      )}
      <button type="button" class="button" onClick={() => actions.open({ kind: "new", known: boot.patient_on_record })}>
        <Icon name="calendar-plus" />
        {t("Book the next appointment")}
      </button>
    </>
  );
};
