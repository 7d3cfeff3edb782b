/** The notes of a consultation as a row of buttons, with a sign at each that holds unsaved words. */
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { Listed } from "./listed.ts";
import type { Shelf } from "./shelf.ts";
import { kindHint, tabTitle } from "./words.ts";

const Tab = ({ shelf, note }: { shelf: Shelf; note: Listed }) => (
  <button
    type="button"
    class="note-tab"
    data-kind={note.kind}
    aria-pressed={shelf.chosen.value === note.id}
    title={kindHint(note.kind)}
    onClick={() => shelf.choose(note.id)}
  >
    {note.state === "locked" ? <Icon name="lock" /> : null}
    <span>{tabTitle(note)}</span>
    {note.state === "locked" ? <span class="unseen"> {t("locked")}</span> : null}
    {note.mine ? null : <span class="soft"> {note.author}</span>}
    {shelf.unsaved.value.has(note.id) ? (
      <span class="note-unsaved">
        <span class="unseen"> {t("not saved yet")}</span>
      </span>
    ) : null}
  </button>
);

export const Tabs = ({ shelf, notes }: { shelf: Shelf; notes: readonly Listed[] }) => (
  <fieldset class="note-tabs">
    <legend class="unseen">{t("Which note")}</legend>
    {notes.map((note) => (
      <Tab key={note.id} shelf={shelf} note={note} />
    ))}
  </fieldset>
);
