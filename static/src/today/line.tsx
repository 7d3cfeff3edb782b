/** One row of the Today list: time, name, state in words, the likeliest action, and the rest behind 'More'. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { plural, t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { telUrl } from "../lib/urls.ts";
import type { Actions, RowDialog } from "./actions.ts";
import type { Board } from "./board.ts";
import { type Choice, choicesOf, linkWords, ownerWords, stateWords, type TodayRow, timeWords, toneOf } from "./row.ts";

export interface LineProps {
  row: TodayRow;
  board: Board;
  actions: Actions;
  /** The list beside a call: fewer words. */
  compact: boolean;
  current: boolean;
  /** The desk of this row opens in a tab of its own. */
  apart: boolean;
}

const choiceWords = (choice: RowDialog): string => {
  switch (choice) {
    case "message":
      return t("Message");
    case "hold":
      return t("Let wait longer");
    case "refuse":
      return t("Can’t see now");
    case "send":
      return t("Send link again");
    case "reissue":
      return t("New link");
    case "revoke":
      return t("Revoke link");
  }
};

const DANGEROUS: ReadonlySet<Choice> = new Set(["refuse", "revoke"]);

/** A dialog that was opened from the disclosure belongs to it: the focus comes back from there. */
const isAway = (target: EventTarget | null, root: Element | null): boolean =>
  target instanceof Element && !root?.contains(target) && target.closest("dialog") === null;

/** Keeps a disclosure open only while the person is at it: Escape, a click elsewhere or the focus elsewhere close it. */
const useDisclosure = (held: () => void, released: () => void) => {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLLIElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    held();
    const outside = (event: Event) => {
      if (isAway(event.target, root.current)) setOpen(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
      setOpen(false);
      toggle.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", key);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", key);
      released();
    };
  }, [open]);
  return { open, setOpen, root, toggle };
};

const State = ({ row, board }: { row: TodayRow; board: Board }) => (
  <span class="state" data-tone={toneOf(row)}>
    {stateWords(row, board.now.value)}
  </span>
);

const Who = ({ row, board, compact, current, apart }: Omit<LineProps, "actions">) => {
  const trouble = linkWords(row);
  return (
    <div class="line-who">
      <h3 class="line-name">
        <a
          href={row.desk_url}
          dir="auto"
          data-focus={`${row.id} desk`}
          {...(apart ? { target: "_blank" } : {})}
          {...(current ? { "aria-current": "page" as const } : {})}
        >
          {row.patient_name}
          {apart && <span class="unseen"> {t("(opens in a new tab)")}</span>}
        </a>
        {row.booked_as !== null && <span class="line-with">{t("booked as {name}", { name: row.booked_as })}</span>}
        {row.companion !== null && <span class="line-with">{t("with {companion}", { companion: row.companion })}</span>}
      </h3>
      <p class="line-facts">
        <State row={row} board={board} />
        {!compact && <span>{ownerWords(row)}</span>}
        {row.invited_by !== null && <strong>{t("{name} asks you to join", { name: row.invited_by })}</strong>}
        {trouble && <span class="line-trouble">{trouble}</span>}
      </p>
      {!compact && row.devices !== null && <p class="line-devices">{row.devices}</p>}
    </div>
  );
};

const Admit = ({ row }: { row: TodayRow }) => (
  <a
    class="button primary line-admit"
    href={`${row.desk_url}#admit`}
    data-focus={`${row.id} admit`}
    aria-label={t("Admit {name}", { name: row.patient_name })}
  >
    {t("Admit")}
  </a>
);

const OpenDesk = ({ row }: { row: TodayRow }) => (
  <a
    class="button quiet line-desk"
    href={row.desk_url}
    aria-label={t("Open the desk for {name}", { name: row.patient_name })}
  >
    {t("Open the desk")}
  </a>
);

interface ChoiceProps {
  row: TodayRow;
  choice: RowDialog;
  actions: Actions;
}

const ChoiceButton = ({ row, choice, actions }: ChoiceProps) => (
  <button
    type="button"
    class={DANGEROUS.has(choice) ? "button quiet button-risky" : "button quiet"}
    data-focus={`${row.id} ${choice}`}
    onClick={() => actions.open({ kind: choice, row })}
  >
    {choiceWords(choice)}
  </button>
);

const isDialog = (choice: Choice): choice is RowDialog => choice !== "admit" && choice !== "desk";

export const Line = ({ row, board, actions, compact, current, apart }: LineProps) => {
  const holder = `line ${row.id}`;
  const { open, setOpen, root, toggle } = useDisclosure(
    () => board.hold(holder),
    () => board.release(holder),
  );
  const panel = useId();
  const choices = choicesOf(row);
  const admits = choices.includes("admit") && !compact;
  const more = choices.filter(isDialog);
  const direct = admits && more.includes("message");
  return (
    <li ref={root} class="line" data-tone={toneOf(row)} data-current={current || undefined}>
      <time class="line-time" dateTime={row.scheduled_at}>
        {timeWords(row)}
      </time>
      <Who row={row} board={board} compact={compact} current={current} apart={apart} />
      <div class="line-doings">
        {admits && <Admit row={row} />}
        {!admits && !compact && <OpenDesk row={row} />}
        {direct && <ChoiceButton row={row} choice="message" actions={actions} />}
        {more.length > 0 && (
          <button
            ref={toggle}
            type="button"
            class="button quiet icon-only line-toggle"
            aria-expanded={open}
            aria-controls={panel}
            aria-label={t("More for {name}", { name: row.patient_name })}
            data-focus={`${row.id} more`}
            onClick={() => setOpen(!open)}
          >
            <Icon name="ellipsis" />
          </button>
        )}
      </div>
      <div id={panel} class="line-more" hidden={!open}>
        <Facts row={row} compact={compact} />
        {more
          .filter((choice) => !(direct && choice === "message"))
          .map((choice) => (
            <ChoiceButton key={choice} row={row} choice={choice} actions={actions} />
          ))}
      </div>
    </li>
  );
};

const Facts = ({ row, compact }: { row: TodayRow; compact: boolean }) => (
  <p class="line-about">
    {compact && <span>{ownerWords(row)}</span>}
    {compact && row.devices !== null && <span>{row.devices}</span>}
    {row.phone !== null && (
      <span>
        {t("Phone:")} <a href={telUrl(row.phone)}>{row.phone}</a>
      </span>
    )}
    <span>{plural(row.duration_min, "{count} minute planned", "{count} minutes planned")}</span>
  </p>
);
