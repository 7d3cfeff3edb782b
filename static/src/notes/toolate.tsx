/** What was written while a colleague locked the note: it is shown, and goes on as an addendum or by copying. */
import { useEffect, useState } from "preact/hooks";
import { fetchJson } from "../lib/api.ts";
import { copyText } from "../lib/copy.ts";
import { t } from "../lib/i18n.ts";
import { AmendDialog } from "./amend.tsx";
import { type Late, lateIn, lateText, layIn } from "./late.ts";
import type { Listed } from "./listed.ts";
import type { NoteLink } from "./provider.ts";
import type { Shelf } from "./shelf.ts";
import type { WrittenSection } from "./text.tsx";
import { sectionTitle } from "./words.ts";

interface TooLateProps {
  note: Listed;
  shelf: Shelf;
  link: NoteLink;
}

/** Null until the server's text is here to compare with. */
const useLate = ({ note, link }: TooLateProps): Late | null => {
  const [late, setLate] = useState<Late | null>(null);
  useEffect(() => {
    fetchJson<{ sections: WrittenSection[] }>(`/api/notes/${note.id}/text`).then(
      ({ sections }) => setLate(lateIn(link.doc, sections)),
      () => setLate(lateIn(link.doc, [])),
    );
  }, [note.id, link]);
  return late;
};

const Kept = (props: TooLateProps) => {
  const { note, shelf, link } = props;
  const late = useLate(props);
  const [said, setSaid] = useState("");
  const [adding, setAdding] = useState(false);
  if (late === null) return null;
  const words = lateText(late, sectionTitle);
  const copy = async (): Promise<void> =>
    setSaid((await copyText(words)) ? t("Copied.") : t("This page may not copy. Select the text here instead."));
  const discard = (): void => {
    link.forgetUnsaved();
    shelf.reopen(note.id);
  };
  const added = (addendum: Listed): void => {
    shelf.late.set(addendum.id, late);
    setAdding(false);
    shelf.told(addendum);
    shelf.choose(addendum.id);
    discard();
  };
  return (
    <div class="callout warn" role="alert">
      <p>{t("This note was locked while you were writing. Your last changes are not in it.")}</p>
      {words === "" ? null : <pre class="late-words">{words}</pre>}
      <div class="row">
        {note.may.includes("amend") && words !== "" ? (
          <button type="button" class="button" onClick={() => setAdding(true)}>
            {t("Add it as an addendum")}
          </button>
        ) : null}
        {words === "" ? null : (
          <button type="button" class="button" onClick={() => void copy()}>
            {t("Copy the text")}
          </button>
        )}
        <button type="button" class="button quiet" onClick={discard}>
          {t("Discard it")}
        </button>
        <p role="status">{said}</p>
      </div>
      {adding ? <AmendDialog note={note} purpose="addendum" done={added} close={() => setAdding(false)} /> : null}
    </div>
  );
};

/** In an addendum that was begun for such words, lays them in once it may be written. */
const useLaidIn = ({ note, shelf, link }: TooLateProps): void => {
  const { line, writable } = link.status.value;
  useEffect(() => {
    const late = shelf.late.get(note.id);
    if (!late || line !== "open" || !writable) return;
    shelf.late.delete(note.id);
    layIn(link.doc, late);
  }, [line, writable]);
};

export const TooLate = (props: TooLateProps) => {
  useLaidIn(props);
  const { locked, saved } = props.link.status.value;
  return locked && !saved ? <Kept {...props} /> : null;
};
