/** Tells an author that somebody opened their notes in an emergency, before everything else on the page. */
import { formatDate, formatTimeWithZone, t } from "../lib/i18n.ts";
import type { Board } from "./board.ts";

export interface Notice {
  id: string;
  patient_id: string;
  patient_name: string;
  name: string;
  reason: string;
  at: string;
  until: string;
}

/** A plain form: it works as the page without a script does, and comes back to a fresh list. */
const Callout = ({ notice }: { notice: Notice }) => (
  <section class="callout warn notice">
    <h2>
      {t("{name} opened the notes about {patient} in an emergency", {
        name: notice.name,
        patient: notice.patient_name,
      })}
    </h2>
    <p>
      {t("{day}, {time}. Access was given until {until}.", {
        day: formatDate(notice.at),
        time: formatTimeWithZone(notice.at),
        until: formatTimeWithZone(notice.until),
      })}
    </p>
    <p dir="auto">{t("Their reason: {reason}", { reason: notice.reason })}</p>
    <form method="post" action={`/patients/${notice.patient_id}/notices/${notice.id}/read`} class="row">
      <input type="hidden" name="back" value="today" />
      <button type="submit" class="button small">
        {t("I have read this")}
      </button>
    </form>
  </section>
);

export const Notices = ({ board }: { board: Board }) => (
  <div role="status">
    {board.notices.value.map((notice) => (
      <Callout key={notice.id} notice={notice} />
    ))}
  </div>
);
