/** What the note takes no more as it was typed: it is shown, and goes on as an addendum, at the end of the note, or by copying. */
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
import { endingWords, sectionTitle } from "./words.ts";

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

const Copy = ({ words }: { words: string }) => {
  const [said, setSaid] = useState("");
  const copy = async (): Promise<void> =>
    setSaid((await copyText(words)) ? t("Copied.") : t("This page may not copy. Select the text here instead."));
  return (
    <>
      <button type="button" class="button" onClick={() => void copy()}>
        {t("Copy the text")}
      </button>
      <p role="status">{said}</p>
    </>
  );
};

const Kept = (props: TooLateProps) => {
  const { note, shelf, link } = props;
  const late = useLate(props);
  const [adding, setAdding] = useState(false);
  if (late === null) return null;
  const words = lateText(late, sectionTitle);
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
        <button type="button" class="button quiet" onClick={discard}>
          {t("Discard it")}
        </button>
        {words === "" ? null : <Copy words={words} />}
      </div>
      {adding ? <AmendDialog note={note} purpose="addendum" done={added} close={() => setAdding(false)} /> : null}
    </div>
  );
};

/** After a step that the server could not take, the note goes on as the server has it. */
const Crossed = (props: TooLateProps) => {
  const { note, shelf, link } = props;
  const late = useLate(props);
  if (late === null) return null;
  const words = lateText(late, sectionTitle);
  const goOn = (kept: Late | null): void => {
    link.forgetUnsaved();
    if (kept) shelf.late.set(note.id, kept);
    shelf.reopen(note.id);
  };
  return (
    <div class="callout warn" role="alert">
      <p>{endingWords("crossed")}</p>
      {words === "" ? null : (
        <>
          <p>{t("These paragraphs are not in the note as they stand here:")}</p>
          <pre class="late-words">{words}</pre>
        </>
      )}
      <div class="row">
        {words === "" ? null : (
          <button type="button" class="button" onClick={() => goOn(late)}>
            {t("Add them at the end")}
          </button>
        )}
        <button type="button" class="button quiet" onClick={() => goOn(null)}>
          {t("Go on with the note as it is")}
        </button>
        {words === "" ? null : <Copy words={words} />}
      </div>
    </div>
  );
};

/** In a note that was opened for such words, lays them in once it may be written. */
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
  const { locked, saved, ending } = props.link.status.value;
  if (ending === "crossed") return <Crossed {...props} />;
  return locked && !saved ? <Kept {...props} /> : null;
};
