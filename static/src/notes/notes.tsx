/** The notes of a consultation beside each other; each that was opened stays open, so that nothing unsaved is dropped by looking elsewhere. */
import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { post } from "../lib/api.ts";
import { t } from "../lib/i18n.ts";
import { inOrder, type Listed } from "./listed.ts";
import { NotePane } from "./note.tsx";
import { kindHint, noteTitle } from "./words.ts";

export interface NotesProps {
  /** Where the notes are laid out. */
  notes: string;
  /** Id of the person at this screen. */
  person: string;
}

class Shelf {
  readonly listed: Signal<Listed[] | "missing" | null> = signal(null);
  readonly chosen: Signal<string | null> = signal(null);
  readonly opened: Signal<ReadonlySet<string>> = signal(new Set());
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async load(): Promise<void> {
    try {
      const { notes } = await post<{ notes: Listed[] }>(this.#url);
      this.listed.value = inOrder(notes);
      if (this.chosen.value === null && notes.length > 0) this.choose(this.listed.value[0] as Listed);
    } catch {
      this.listed.value ??= "missing";
    }
  }

  choose(note: Listed): void {
    this.chosen.value = note.id;
    this.opened.value = new Set([...this.opened.value, note.id]);
  }
}

const Tab = ({ shelf, note }: { shelf: Shelf; note: Listed }) => (
  <button
    type="button"
    class="note-tab"
    aria-pressed={shelf.chosen.value === note.id}
    title={kindHint(note.kind)}
    onClick={() => shelf.choose(note)}
  >
    {noteTitle(note)}
    {note.mine || note.kind === "jottings" ? null : <span class="soft"> {note.author}</span>}
  </button>
);

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
  const shelf = useMemo(() => new Shelf(url), [url]);
  useEffect(() => void shelf.load(), [shelf]);
  const listed = shelf.listed.value;
  if (listed === null) return <p class="soft desk-loading">{t("Opening the note…")}</p>;
  if (listed === "missing") return <Missing shelf={shelf} />;
  return (
    <>
      <fieldset class="note-tabs">
        <legend class="unseen">{t("Which note")}</legend>
        {listed.map((note) => (
          <Tab key={note.id} shelf={shelf} note={note} />
        ))}
      </fieldset>
      {listed
        .filter(({ id }) => shelf.opened.value.has(id))
        .map((note) => (
          <div key={note.id} hidden={note.id !== shelf.chosen.value}>
            <NotePane note={note} person={person} />
          </div>
        ))}
    </>
  );
};
