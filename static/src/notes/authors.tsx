/** Who wrote what: the saved text with everybody's initials beside their words; colour only helps. */
import { type Signal, signal } from "@preact/signals";
import { useEffect, useId, useMemo } from "preact/hooks";
import { fetchJson } from "../lib/api.ts";
import { t } from "../lib/i18n.ts";
import { realTimers } from "../lib/timers.ts";
import { legendOf } from "./legend.ts";
import type { Listed } from "./listed.ts";
import type { NoteLink } from "./provider.ts";
import { sentence } from "./signing.ts";
import { Written, type WrittenSection } from "./text.tsx";

interface Authored {
  people: string[];
  sections: WrittenSection[];
}

/** Somebody types several letters a second; the text is fetched anew when they pause. */
const PAUSE_MS = 1_000;

class Authors {
  readonly shown: Signal<boolean> = signal(false);
  readonly text: Signal<Authored | null> = signal(null);
  readonly error: Signal<string | null> = signal(null);
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async load(): Promise<void> {
    try {
      this.text.value = await fetchJson<Authored>(this.#url);
      this.error.value = null;
    } catch (error) {
      this.error.value = sentence(error);
    }
  }
}

/** Keeps the text in step with the note while it is shown. */
const useFresh = (authors: Authors, link: NoteLink): void => {
  const shown = authors.shown.value;
  const { saved } = link.status.value;
  useEffect(() => {
    if (!shown) return;
    let cancel = (): void => {};
    const later = (): void => {
      cancel();
      cancel = realTimers.after(PAUSE_MS, () => void authors.load());
    };
    void authors.load();
    link.doc.on("update", later);
    return () => {
      cancel();
      link.doc.off("update", later);
    };
  }, [shown, saved, link]);
};

const Legend = ({ text }: { text: Authored }) => (
  <ul class="by-legend" aria-label={t("Who wrote here")}>
    {legendOf(text.sections, text.people).map(({ name, sign, colour }) => (
      <li key={name}>
        <span class={`by ${colour}`} data-by={sign}>
          {name}
        </span>
      </li>
    ))}
  </ul>
);

const Panel = ({ authors, id }: { authors: Authors; id: string }) => {
  const text = authors.text.value;
  return (
    <section class="authors" id={id} aria-label={t("Who wrote what")}>
      <p role="alert">{authors.error.value}</p>
      {text === null ? <p class="soft">{t("Fetching the text…")}</p> : <Legend text={text} />}
      {text === null ? null : <Written sections={text.sections} />}
    </section>
  );
};

/** While it is shown it takes the place of the sections, so that nobody reads the text twice. */
export const WhoWrote = ({ note, link }: { note: Listed; link: NoteLink }) => {
  const authors = useMemo(() => new Authors(`/api/notes/${note.id}/text?authors=1`), [note.id]);
  const id = useId();
  useFresh(authors, link);
  const shown = authors.shown.value;
  return (
    <div class="who-wrote">
      <button
        type="button"
        class="button small"
        aria-expanded={shown}
        aria-controls={shown ? id : undefined}
        onClick={() => {
          authors.shown.value = !shown;
        }}
      >
        {shown ? t("Go on writing") : t("Show who wrote what")}
      </button>
      {shown ? <Panel authors={authors} id={id} /> : null}
    </div>
  );
};
