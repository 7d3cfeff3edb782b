/** Under the note: whether it is a draft, signed or locked, and what may be done about that. */
import { useEffect, useState } from "preact/hooks";
import { remove } from "../lib/api.ts";
import { announce } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { AmendDialog, type AmendPurpose } from "./amend.tsx";
import type { Listed } from "./listed.ts";
import type { NoteLink } from "./provider.ts";
import type { Shelf } from "./shelf.ts";
import { SignDialog } from "./signdialog.tsx";
import { sentence, type Wish } from "./signing.ts";
import { releasedWords, standing, unsavedWords } from "./signwords.ts";

interface SignBarProps {
  note: Listed;
  shelf: Shelf;
  link: NoteLink;
}

type Open = { wish: Wish } | { purpose: AmendPurpose } | null;

/** Keeps the signatures true while the text goes on, and learns who signed, locked or amended it. */
const useFresh = ({ note, shelf, link }: SignBarProps): void => {
  const { locked } = link.status.value;
  const news = link.news.value;
  useEffect(() => {
    let gone = false;
    const changed = (): void => shelf.changed(note.id);
    void link.ready.then(() => {
      if (gone) return;
      link.doc.on("update", changed);
      void shelf.refresh(note.id);
    });
    return () => {
      gone = true;
      link.doc.off("update", changed);
    };
  }, [link]);
  useEffect(() => {
    if (news > 0 || (locked && note.state === "draft")) void shelf.look();
  }, [locked, news]);
};

const Buttons = ({ note, link, open }: Omit<SignBarProps, "shelf"> & { open: (what: Open) => void }) => {
  const unsaved = unsavedWords(link.unsaved.value);
  const draft = note.state === "draft";
  const blocked = unsaved !== "" || !link.status.value.saved;
  const wish = (which: Wish, label: string) => (
    <button
      type="button"
      class="button small"
      disabled={blocked}
      aria-describedby={blocked ? `unsaved-${note.id}` : undefined}
      onClick={() => open({ wish: which })}
    >
      {label}
    </button>
  );
  return (
    <>
      <div class="row">
        {draft && note.may.includes("sign") ? wish("sign", t("Sign…")) : null}
        {draft && note.may.includes("lock") ? wish("lock", t("Sign and lock…")) : null}
        {note.may.includes("release") ? wish("release", t("Release to the patient…")) : null}
        {!draft && note.may.includes("amend") ? (
          <>
            <button type="button" class="button small" onClick={() => open({ purpose: "amendment" })}>
              {t("Amend…")}
            </button>
            <button type="button" class="button small" onClick={() => open({ purpose: "addendum" })}>
              {t("Add to it…")}
            </button>
          </>
        ) : null}
      </div>
      <p class="small soft" id={`unsaved-${note.id}`}>
        {unsaved}
      </p>
    </>
  );
};

const Release = ({ note, shelf }: { note: Listed; shelf: Shelf }) => {
  const [error, setError] = useState("");
  const takeBack = async (): Promise<void> => {
    try {
      shelf.told(await remove<Listed>(`/api/notes/${note.id}/release`));
      setError("");
      announce(t("The patient can no longer read this."));
    } catch (caught) {
      setError(sentence(caught));
    }
  };
  return (
    <div class="row">
      <p>{releasedWords(note)}</p>
      {note.released && note.may.includes("release") ? (
        <button type="button" class="button small" onClick={() => void takeBack()}>
          {t("Take back")}
        </button>
      ) : null}
      <p role="alert">{error}</p>
    </div>
  );
};

const Dialogs = ({ note, shelf, open, close }: { note: Listed; shelf: Shelf; open: Open; close: () => void }) => {
  if (open === null) return null;
  const told = (answer: Listed): void => {
    shelf.told(answer);
    close();
  };
  if ("wish" in open)
    return (
      <SignDialog
        note={note}
        wish={open.wish}
        close={close}
        done={(answer) => {
          told(answer);
          void shelf.refresh(answer.id);
          announce([...standing(answer), ...(open.wish === "release" ? [releasedWords(answer)] : [])].join(". "));
        }}
      />
    );
  return (
    <AmendDialog
      note={note}
      purpose={open.purpose}
      close={close}
      done={(answer) => {
        told(answer);
        shelf.choose(answer.id);
      }}
    />
  );
};

export const SignBar = (props: SignBarProps) => {
  const { note, shelf } = props;
  const [open, setOpen] = useState<Open>(null);
  useFresh(props);
  return (
    <section class="sign-bar" aria-label={t("Signatures")} tabIndex={-1}>
      <ul class="sign-standing">
        {standing(note).map((words) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
      {note.reason ? <p class="small">{t("Why: {reason}", { reason: note.reason })}</p> : null}
      {note.kind === "summary" ? <Release note={note} shelf={shelf} /> : null}
      <Buttons {...props} open={setOpen} />
      <p class="row small">
        <a href={`/notes/${note.id}`}>{t("Read or take out a copy")}</a>
        {note.may.includes("history") ? <a href={`/notes/${note.id}/history`}>{t("History")}</a> : null}
      </p>
      <Dialogs note={note} shelf={shelf} open={open} close={() => setOpen(null)} />
    </section>
  );
};
