/** The notes of a consultation beside each other; each that was opened stays open, so that nothing unsaved is dropped by looking elsewhere. */
import { useEffect, useMemo } from "preact/hooks";
import { fetchJson, post } from "../lib/api.ts";
import { t } from "../lib/i18n.ts";
import type { Listed } from "./listed.ts";
import { NotePane } from "./note.tsx";
import { Shelf } from "./shelf.ts";
import { Tabs } from "./tabs.tsx";

export interface NotesProps {
  /** Where the notes are laid out. */
  notes: string;
  /** Id of the person at this screen. */
  person: string;
}

const shelfOf = (url: string): Shelf =>
  new Shelf({
    list: async () => (await post<{ notes: Listed[] }>(url)).notes,
    one: (id) => fetchJson<Listed>(`/api/notes/${id}`),
  });

const Missing = ({ shelf }: { shelf: Shelf }) => (
  <div class="callout danger" role="alert">
    <p>{t("The notes could not be loaded.")}</p>
    <button
      type="button"
      class="button"
      onClick={() => {
        shelf.listed.value = null;
        void shelf.load();
      }}
    >
      {t("Try again")}
    </button>
  </div>
);

export const Notes = ({ notes: url, person }: NotesProps) => {
  const shelf = useMemo(() => shelfOf(url), [url]);
  useEffect(() => void shelf.load(), [shelf]);
  const listed = shelf.listed.value;
  if (listed === null) return <p class="soft desk-loading">{t("Opening the note…")}</p>;
  if (listed === "missing") return <Missing shelf={shelf} />;
  return (
    <>
      <Tabs shelf={shelf} notes={listed} />
      {listed
        .filter(({ id }) => shelf.opened.value.has(id))
        .map((note) => (
          <div
            key={`${note.id} ${shelf.rounds.value.get(note.id) ?? 0}`}
            class="note-pane"
            hidden={note.id !== shelf.chosen.value}
          >
            <NotePane note={note} person={person} shelf={shelf} />
          </div>
        ))}
    </>
  );
};
