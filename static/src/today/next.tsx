/** Who comes next, and the way to tell whoever waits that it takes longer. */
import { useRef } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { Actions } from "./actions.ts";
import type { Board } from "./board.ts";
import { nextOf } from "./order.ts";
import { stateWords, type TodayRow, timeWords } from "./row.ts";

interface NextProps {
  board: Board;
  actions: Actions;
  /** The consultation that this page is about. */
  current?: string | null;
  /** Other desks open in a tab of their own: this one holds a call. */
  apart?: boolean;
}

const CHOICES_MIN = [10, 15, 20, 30, 45];

const Named = ({ row, apart }: { row: TodayRow; apart: boolean }) => (
  <a href={row.desk_url} dir="auto" {...(apart ? { target: "_blank", rel: "noopener" } : {})}>
    {row.patient_name}
  </a>
);

/** A press on a number of minutes says it; the list of them closes by itself. */
const RunningLate = ({ actions }: { actions: Actions }) => {
  const root = useRef<HTMLDetailsElement>(null);
  const say = (minutes: number): void => {
    if (root.current) root.current.open = false;
    root.current?.querySelector("summary")?.focus();
    void actions.late(minutes);
  };
  return (
    <details ref={root} class="late">
      <summary class="button quiet">
        <Icon name="clock" />
        {t("Running late")}
      </summary>
      <div class="late-choices">
        <p class="hint">
          {t("Who waits for you, or is due within the hour, is told that you are about this much late:")}
        </p>
        {CHOICES_MIN.map((minutes) => (
          <button key={minutes} type="button" class="button" onClick={() => say(minutes)}>
            {t("{minutes} min", { minutes })}
          </button>
        ))}
      </div>
    </details>
  );
};

export const NextInLine = ({ board, actions, current = null, apart = false }: NextProps) => {
  const row = nextOf(board.rows.value, board.today.value, current);
  return (
    <div class="next-in-line">
      {row === null ? (
        <p class="soft">{t("Nobody else comes to you today.")}</p>
      ) : (
        <p>
          <span class="next-label">{t("Next:")}</span> <Named row={row} apart={apart} />{" "}
          <span class="soft">
            {timeWords(row)} · {stateWords(row, board.now.value)}
          </span>
        </p>
      )}
      {row !== null && <RunningLate actions={actions} />}
    </div>
  );
};
