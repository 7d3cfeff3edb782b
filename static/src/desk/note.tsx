/** The note beside the call; the editor is large, so it is fetched when the call no longer needs the line. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import type { NotesProps } from "../notes/notes.tsx";
import type { Parts } from "./parts.ts";

type Pane = ComponentType<NotesProps>;

/** Nobody waits for the editor longer than this, however long the call takes to begin. */
const PATIENCE_MS = 2000;

const Missing = () => (
  <div class="callout danger">
    <p>{t("The note could not be loaded.")}</p>
    <button type="button" class="button" onClick={() => location.reload()}>
      {t("Load the page again")}
    </button>
  </div>
);

const fetchPane = async (): Promise<Pane> => (await import("../notes/notes.tsx")).Notes;

const usePane = (ready: boolean): Pane | "missing" | null => {
  const [pane, setPane] = useState<{ found: Pane | "missing" } | null>(null);
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  const go = ready || late;
  useEffect(() => {
    if (!go) return;
    fetchPane().then(
      (found) => setPane({ found }),
      () => setPane({ found: "missing" }),
    );
  }, [go]);
  return pane?.found ?? null;
};

export const NoteColumn = ({ boot, desk }: Parts) => {
  const Pane = usePane(desk.scene.value !== "connecting");
  if (Pane === "missing") return <Missing />;
  if (Pane === null) return <p class="soft desk-loading">{t("Opening the note…")}</p>;
  return <Pane notes={boot.notes} person={boot.person_id} />;
};
