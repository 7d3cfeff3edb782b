/** The Messages page: puts copy buttons beside each message, for passing it on by hand. */

import { copyText } from "../lib/copy.ts";
import { $$, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";

const ADDRESS = /https?:\/\/\S+/;
const SAID_MS = 4000;

const copyButton = (words: string, text: string): HTMLButtonElement => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = words;
  on(button, "click", async () => {
    button.textContent = (await copyText(text)) ? t("Copied.") : t("This page may not copy. Select the text instead.");
    setTimeout(() => {
      button.textContent = words;
    }, SAID_MS);
  });
  return button;
};

export const addCopyButtons = (): void => {
  for (const place of $$("[data-letter]")) {
    const letter = place.dataset.letter ?? "";
    const link = ADDRESS.exec(letter)?.[0];
    if (link !== undefined) place.append(copyButton(t("Copy the link"), link));
    place.append(copyButton(t("Copy the message"), letter));
  }
};
