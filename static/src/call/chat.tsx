/** Writing to each other: in the waiting room and beside the picture. */
import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import { formatTime, t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { MESSAGE_CHARACTERS, type Message } from "../lib/wire.ts";
import type { Outgoing } from "./outbox.ts";
import type { CallModel } from "./state.ts";

const Said = ({ model, message, own }: { model: CallModel; message: Message; own: boolean }) => (
  <li class={own ? "own" : ""}>
    <p class="who">
      {own ? t("You") : message.name} <time dateTime={message.at}>{formatTime(message.at)}</time>
    </p>
    <p class="body" dir="auto">
      {message.file ? (
        <a href={`${model.call.files}/${message.file.id}`} download>
          {message.body} ({message.file.kind}, {Math.ceil(message.file.size / 1024)} kB)
        </a>
      ) : (
        message.body
      )}
    </p>
  </li>
);

const Sending = ({ model, letter }: { model: CallModel; letter: Outgoing }) => (
  <li class="own pending">
    <p class="body" dir="auto">
      {letter.body}
    </p>
    {letter.failed === null ? (
      <p class="who">{t("Sending…")}</p>
    ) : (
      <p class="who">
        {t("Not sent.")} {letter.failed}{" "}
        <button type="button" class="button quiet small" onClick={() => model.call.outbox.retry(letter.key)}>
          {t("Send again")}
        </button>
      </p>
    )}
  </li>
);

/** Keeps the newest message in sight. */
const useBottom = (length: number) => {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [length]);
  return list;
};

export const Log = ({ model, empty }: { model: CallModel; empty: string }) => {
  const { roster, outgoing, me } = model.state.value;
  const list = useBottom(roster.messages.length + outgoing.length);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div ref={list} class="log" role="log" aria-label={t("Messages")} tabIndex={0}>
      {roster.messages.length + outgoing.length === 0 ? <p class="soft">{empty}</p> : null}
      <ol>
        {roster.messages.map((message) => (
          <Said key={message.id} model={model} message={message} own={message.from === me?.id} />
        ))}
        {outgoing.map((letter) => (
          <Sending key={`out-${letter.key}`} model={model} letter={letter} />
        ))}
      </ol>
    </div>
  );
};

/** Fetched when the chat opens: a browser opens its chooser of files only shortly after a click. */
const sending = () => import("./sending.ts");

const sends = (event: KeyboardEvent): boolean => event.key === "Enter" && !event.shiftKey && !event.isComposing;

export const Writer = ({ model, focus }: { model: CallModel; focus: boolean }) => {
  const { draft } = model;
  const id = useId();
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (focus) input.current?.focus();
  }, [focus]);
  const inCall = model.state.value.me?.stage === "in_call";
  useEffect(() => {
    if (inCall) sending().catch(() => undefined);
  }, [inCall]);
  const send = (event: Event) => {
    event.preventDefault();
    const text = draft.value.trim();
    if (text === "") return;
    model.call.outbox.say(text);
    draft.value = "";
  };
  return (
    <form class="writer" onSubmit={send}>
      <label class="unseen" for={id}>
        {t("Write a message")}
      </label>
      <textarea
        id={id}
        ref={input}
        rows={1}
        maxLength={MESSAGE_CHARACTERS}
        placeholder={t("Write a message")}
        dir="auto"
        value={draft.value}
        onInput={(event) => {
          draft.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => sends(event) && send(event)}
      />
      {inCall ? (
        <button
          type="button"
          class="button icon-only"
          aria-label={t("Send a file")}
          onClick={async () => (await sending()).choose(input.current, model.call.files, t)}
        >
          <Icon name="plus" />
        </button>
      ) : null}
      <button type="submit" class="button primary icon-only" aria-label={t("Send")}>
        <Icon name="send" />
      </button>
    </form>
  );
};
