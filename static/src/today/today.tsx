/** The script of the Today and Messages pages: the live list, who waits, what rings, and 'Consultation now'. */
import { computed } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import { boot } from "../lib/boot.ts";
import { $, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { Icon, type IconName } from "../lib/icon.tsx";
import { prefer, preferred } from "../lib/prefs.ts";
import { Actions } from "./actions.ts";
import { Asked } from "./asked.ts";
import { AskedNotices } from "./askednotices.tsx";
import { Bell } from "./bell.ts";
import { Board } from "./board.ts";
import { Dialogs } from "./dialogs.tsx";
import { Feed } from "./feed.ts";
import { useHeld } from "./held.ts";
import { LineState } from "./linestate.tsx";
import { TodayList, WaitingCount } from "./list.tsx";
import { EVERY_MS, Live } from "./live.ts";
import type { Team } from "./new.tsx";
import { NextInLine } from "./next.tsx";
import { type Notice, Notices } from "./notices.tsx";
import { addCopyButtons } from "./outbox.ts";
import { requests } from "./requests.ts";
import type { TodayRow } from "./row.ts";
import { Toast } from "./toast.tsx";

interface TodayBoot {
  name: string;
  teams: Team[];
  now: string;
  rows: TodayRow[];
  notices: Notice[];
}

const TICK_MS = 1000;

interface Parts {
  board: Board;
  feed: Feed;
  bell: Bell;
  actions: Actions;
  asked: Asked;
  teams: Team[];
}

interface SwitchProps {
  icon: IconName;
  on: boolean;
  press: () => void;
  rings?: boolean;
  children: ComponentChildren;
}

const Switch = ({ icon, on, press, rings, children }: SwitchProps) => (
  <button type="button" class="button quiet switch" aria-pressed={on} data-sound={rings} onClick={press}>
    <Icon name={icon} />
    {children}
  </button>
);

const Whose = ({ board }: { board: Board }) => (
  <Switch
    icon="user"
    on={board.onlyMine.value}
    press={() => {
      board.onlyMine.value = !board.onlyMine.value;
      prefer("mine", board.onlyMine.value);
    }}
  >
    {t("Only mine")}
  </Switch>
);

const Sound = ({ bell }: { bell: Bell }) => (
  <Switch icon="volume-2" on={bell.chime.state.value === "on"} press={() => bell.toggleSound()} rings>
    {t("Sound")}
  </Switch>
);

const Notify = ({ bell }: { bell: Bell }) => {
  const state = bell.notify.value;
  if (state === "unsupported") return null;
  return (
    <Switch icon="bell" on={state === "on"} press={() => void bell.toggleNotify()}>
      {t("Notifications")}
    </Switch>
  );
};

/** Why something that was asked for does not work, and what helps. */
const Hints = ({ bell }: { bell: Bell }) => (
  <>
    {bell.chime.state.value === "blocked" && (
      <p class="today-hint">{t("Your browser keeps the sound back until you click or press a key on this page.")}</p>
    )}
    {bell.notify.value === "denied" && (
      <p class="today-hint">
        {t("Your browser blocks notifications of this site. You can allow them beside the address.")}
      </p>
    )}
  </>
);

const Silence = ({ bell }: { bell: Bell }) =>
  bell.rings.value ? (
    <button type="button" class="button quiet" onClick={() => bell.silence()}>
      {t("Quiet for now")}
    </button>
  ) : null;

const Empty = ({ board, actions }: { board: Board; actions: Actions }) => {
  if (board.shown.value.length > 0) return null;
  return (
    <div class="today-empty">
      <p>{board.onlyMine.value ? t("You have no consultations of your own today.") : t("No consultations today.")}</p>
      <p class="hint">{t("Make one now: you get a link to give to the patient.")}</p>
      <button type="button" class="button primary" onClick={() => actions.open({ kind: "new" })}>
        {t("Consultation now")}
      </button>
    </div>
  );
};

const Head = ({ board, bell, actions, teams }: Parts) => (
  <>
    <div class="today-head">
      <h1>{t("Today")}</h1>
      <button type="button" class="button primary" onClick={() => actions.open({ kind: "new" })}>
        <Icon name="plus" />
        {t("Consultation now")}
      </button>
    </div>
    <div class="today-head">
      <div class="today-count">
        <WaitingCount board={board} />
        <Silence bell={bell} />
      </div>
      <div class="today-tools">
        {teams.length > 0 && <Whose board={board} />}
        <Sound bell={bell} />
        <Notify bell={bell} />
      </div>
    </div>
  </>
);

const Today = (parts: Parts) => {
  const { board, feed, bell, actions, teams, asked } = parts;
  useHeld(board, actions.dialog.value !== null);
  return (
    <>
      <Head {...parts} />
      <NextInLine board={board} actions={actions} />
      <AskedNotices asked={asked} />
      <Notices board={board} />
      <Hints bell={bell} />
      <LineState feed={feed} />
      <TodayList board={board} actions={actions} />
      <Empty board={board} actions={actions} />
      <Dialogs actions={actions} teams={teams} />
      <Toast actions={actions} />
    </>
  );
};

const showList = (): void => {
  const { teams, now, rows, notices } = boot<TodayBoot>();
  const board = new Board({ now, rows, notices }, Date.now);
  board.onlyMine.value = preferred("mine", false);
  const live = new Live();
  const feed = new Feed({
    apply: (frame) => {
      board.apply(frame);
      void live.refresh();
    },
  });
  const asked = new Asked(board.rows);
  const bell = new Bell({ waiting: board.waitingIds, callers: computed(() => asked.asks.value.map(({ key }) => key)) });
  bell.restore();
  const root = $("#today");
  root.replaceChildren();
  const parts = { board, feed, bell, asked, actions: new Actions(requests), teams };
  render(<Today {...parts} />, root);
  feed.start();
  setInterval(() => void live.refresh(), EVERY_MS);
  setInterval(() => {
    board.tick();
    bell.tick();
  }, TICK_MS);
  on(document, "visibilitychange", () => document.hidden || feed.hurry());
  on(window, "online", () => feed.hurry());
  on(window, "storage", () => asked.recall());
};

if (document.getElementById("today")) showList();
else addCopyButtons();
