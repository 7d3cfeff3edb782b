/** The top of the desk: the way back, with whom, and how long it has lasted. */
import { plural, t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { stateWords, timeWords, toneOf } from "../today/row.ts";
import { type Parts, rowOf } from "./parts.ts";
import { clockWords } from "./scene.ts";
import type { DeskTab } from "./tabs.ts";

/** Leaving the page in a call would drop it without a word; so the way back asks first. */
const Back = ({ boot, desk }: Parts) => {
  const ask = (event: MouseEvent) => {
    if (desk.scene.value !== "call") return;
    event.preventDefault();
    desk.open("part");
  };
  return (
    <a class="button quiet small desk-back" href={boot.today} onClick={ask}>
      <Icon name="arrow-left" />
      {t("Today")}
    </a>
  );
};

const Clock = ({ board, model }: Parts) => {
  const begun = model.state.value.roster.consultation.started_at;
  if (begun === null) return null;
  return (
    <span class="desk-clock" role="timer" aria-label={t("Time in the call")}>
      {clockWords(board.now.value - Date.parse(begun))}
    </span>
  );
};

const State = (parts: Parts) => {
  const { board, desk } = parts;
  const row = rowOf(parts);
  if (desk.scene.value === "call") return <Clock {...parts} />;
  return (
    <span class="state" data-tone={toneOf(row)}>
      {stateWords(row, board.now.value)}
    </span>
  );
};

const CAN_END = new Set(["waiting", "refused", "gone", "early", "call"]);

const Unsuitable = ({ desk }: Parts) =>
  CAN_END.has(desk.scene.value) ? (
    <button type="button" class="button quiet small desk-unsuitable" onClick={() => desk.open("unsuitable")}>
      <Icon name="phone" />
      <span>{t("Not suitable for video")}</span>
    </button>
  ) : null;

const CAN_INVITE = new Set([...CAN_END, "outside"]);

const Invite = ({ desk, guests }: Parts) =>
  CAN_INVITE.has(desk.scene.value) ? (
    <button type="button" class="button quiet small desk-unsuitable" onClick={() => guests.invite()}>
      <Icon name="user-plus" />
      <span>{t("Invite somebody")}</span>
    </button>
  ) : null;

/** Leads past what stands before a column; on a phone its tab comes to the front first. */
const Skip = ({ tab, to, words }: Pick<Parts, "tab"> & { to: DeskTab; words: string }) => (
  <a
    class="skip"
    href={`#panel-${to}`}
    onClick={() => {
      tab.value = to;
    }}
  >
    {words}
  </a>
);

export const Head = (parts: Parts) => {
  const row = rowOf(parts);
  return (
    <header class="desk-head">
      <Skip {...parts} to="call" words={t("Skip to the call")} />
      <Skip {...parts} to="note" words={t("Skip to the note")} />
      <Back {...parts} />
      <div class="desk-with">
        <h1 dir="auto">{row.patient_name}</h1>
        {row.booked_as !== null && <span class="soft">{t("booked as {name}", { name: row.booked_as })}</span>}
        {row.companion !== null && <span class="soft">{t("with {companion}", { companion: row.companion })}</span>}
        {parts.boot.acting.map((words) => (
          <span class="soft" dir="auto" key={words}>
            {words}
          </span>
        ))}
        <State {...parts} />
        <span class="soft desk-when">
          {plural(row.duration_min, "Planned {time}, {count} minute", "Planned {time}, {count} minutes", {
            time: timeWords(row),
          })}
        </span>
      </div>
      <Invite {...parts} />
      <Unsuitable {...parts} />
    </header>
  );
};
