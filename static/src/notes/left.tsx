/** Words that an earlier tab left on this computer and that cannot be sent as they were typed: its reader decides. */
import { useState } from "preact/hooks";
import { copyText } from "../lib/copy.ts";
import { t } from "../lib/i18n.ts";
import type { NoteEditor } from "./editor.ts";
import type { Nodes } from "./inserting.ts";
import type { NoteLink } from "./provider.ts";

export const Left = ({ link, editor }: { link: NoteLink; editor: NoteEditor }) => {
  const [said, setSaid] = useState("");
  const { left, writable } = link.status.value;
  if (left === null) return null;
  const copy = async (): Promise<void> => {
    const copied = await copyText(left);
    setSaid(copied ? t("Copied.") : t("This page may not copy. Select the text here instead."));
  };
  const add = (): void => {
    const lines = left.split("\n").filter((line) => line !== "");
    const paragraphs = lines.map((text): Nodes[number] => ({ type: "paragraph", content: [{ type: "text", text }] }));
    if (editor.append("plan", paragraphs)) link.forgetLeft();
  };
  return (
    <div class="callout warn" role="alert">
      <p>{t("You wrote this here before, and it was not sent:")}</p>
      <pre class="late-words">{left}</pre>
      <div class="row">
        <button type="button" class="button" onClick={() => void copy()}>
          {t("Copy the text")}
        </button>
        {writable ? (
          <button type="button" class="button" onClick={add}>
            {t("Add it at the end")}
          </button>
        ) : null}
        <button type="button" class="button quiet" onClick={() => link.forgetLeft()}>
          {t("Throw it away")}
        </button>
        <p role="status">{said}</p>
      </div>
    </div>
  );
};
