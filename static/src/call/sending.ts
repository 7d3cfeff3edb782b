/**
 * Sends a file to the call: chosen, on its way with a bar and a way to stop it, or refused with a sentence. Fetched at the first wish to send,
 * and imports nothing, so that it shares no chunk with the page.
 */
type Speak = (words: string, values?: Record<string, string | number>) => string;

/** What the server takes; it looks for itself. */
const TAKEN = ".pdf,.jpg,.jpeg,.png,.webp,.txt";

const element = <Name extends keyof HTMLElementTagNameMap>(name: Name, looks: string, words: string) => {
  const made = document.createElement(name);
  made.className = looks;
  made.textContent = words;
  return made;
};

const button = (words: string, press: () => void): HTMLButtonElement => {
  const made = element("button", "button small", words);
  made.type = "button";
  made.addEventListener("click", press);
  return made;
};

/** The server's own sentence, or that it was not reached. */
const whyNot = (request: XMLHttpRequest, t: Speak): string => {
  try {
    const { error } = JSON.parse(request.responseText) as { error: { code: string; message: string } };
    return error.code === "too_big" ? t("This file is too big.") : error.message;
  } catch {
    return t("The file was not sent. Please check your internet connection, and send it again.");
  }
};

const send = (tray: HTMLElement, url: string, file: File, t: Speak): void => {
  const request = new XMLHttpRequest();
  const row = element("div", "sending", "");
  const words = element("span", "", t("Sending {name}…", { name: file.name }));
  const bar = document.createElement("progress");
  const refuse = (): void => {
    words.textContent = whyNot(request, t);
    words.setAttribute("role", "alert");
    row.replaceChildren(
      words,
      button(t("Understood"), () => row.remove()),
    );
  };
  words.dir = "auto";
  words.setAttribute("role", "status");
  bar.setAttribute("aria-label", t("Sending {name}…", { name: file.name }));
  row.append(
    words,
    bar,
    button(t("Stop sending"), () => request.abort()),
  );
  tray.append(row);
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = total ? loaded / total : 0;
  });
  request.addEventListener("load", () => (request.status === 201 ? row.remove() : refuse()));
  request.addEventListener("error", refuse);
  request.addEventListener("abort", () => row.remove());
  request.open("POST", url);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-At", document.documentElement.dataset.at ?? ""); // as lib/api.ts says it
  const form = new FormData();
  form.append("file", file);
  request.send(form);
};

/** Where somebody sees how far their files are: below the field in which they write. */
const trayOf = (field: HTMLElement | null): HTMLElement => {
  const form = field?.closest("form");
  const tray = form?.querySelector<HTMLElement>(".tray") ?? element("div", "tray", "");
  form?.append(tray);
  return tray;
};

/** Let somebody choose a file, and send it. */
export const choose = (field: HTMLElement | null, url: string, t: Speak): void => {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = TAKEN;
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) send(trayOf(field), url, file, t);
  });
  input.click();
};
