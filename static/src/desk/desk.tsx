/** The desk: the list, the call and the note beside each other; on a phone behind tabs. */
import { computed, type Signal, signal } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { attend } from "../call/attend.ts";
import { openCall } from "../call/open.ts";
import { CallPane } from "../call/pane.tsx";
import { PeopleSheet } from "../call/peoplesheet.tsx";
import { modelOf } from "../call/state.ts";
import { boot as readBoot } from "../lib/boot.ts";
import { $, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { preferred } from "../lib/prefs.ts";
import { obstacle, surroundings } from "../media/devices.ts";
import { Actions } from "../today/actions.ts";
import { Asked } from "../today/asked.ts";
import { AskedNotices } from "../today/askednotices.tsx";
import { Bell } from "../today/bell.ts";
import { Board } from "../today/board.ts";
import { Dialogs } from "../today/dialogs.tsx";
import { Feed } from "../today/feed.ts";
import { useHeld } from "../today/held.ts";
import { requests } from "../today/requests.ts";
import { Toast } from "../today/toast.tsx";
import { Desk } from "./desk.ts";
import { DeskDialogs } from "./dialogs.tsx";
import { Done, isBehind } from "./done.tsx";
import { GuestDialogs } from "./guestdialogs.tsx";
import { guestRequests } from "./guestrequests.ts";
import { Guests } from "./guests.ts";
import { Head } from "./head.tsx";
import { ListColumn } from "./list.tsx";
import { Lobby } from "./lobby.tsx";
import { NoteColumn } from "./note.tsx";
import { type DeskBoot, type Parts, rowOf } from "./parts.ts";
import { People } from "./people.tsx";
import { waitingGuests } from "./scene.ts";
import { TabBar } from "./tabbar.tsx";
import type { DeskTab } from "./tabs.ts";
import { WaitingGuests } from "./waitingguests.tsx";

const TICK_MS = 1000;
const ADMIT = "#admit";

/** From here on the three columns stand beside each other. */
const WIDE = "(width >= 60rem)";

const wide: Signal<boolean> = signal(true);

const followWidth = (): void => {
  const query = matchMedia(WIDE);
  wide.value = query.matches;
  query.addEventListener("change", () => {
    wide.value = query.matches;
  });
};

interface ColumnProps {
  name: DeskTab;
  label: string;
  tab: Signal<DeskTab>;
  children: ComponentChildren;
}

/** A column, or on a phone the panel of its tab; hidden, it goes on: sound is heard behind the note.
 * When the page gets narrow the column that was worked in stays, with the dialog that may be open in it. */
const Column = ({ name, label, tab, children }: ColumnProps) => {
  const kind = wide.value
    ? { "aria-label": label }
    : { role: "tabpanel" as const, "aria-labelledby": `tab-${name}`, hidden: tab.value !== name };
  const worked = (): void => {
    tab.value = name;
  };
  return (
    <section id={`panel-${name}`} class={`desk-column desk-${name}`} tabIndex={-1} onFocusIn={worked} {...kind}>
      {children}
    </section>
  );
};

const PANEL = "panel-call";

/** A button that goes with its scene, in the middle or above it, takes the focus along: then the middle itself gets it. */
const useFocusOverScenes = (scene: string) => {
  const inside = document.getElementById("desk")?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (inside && document.activeElement === document.body) document.getElementById(PANEL)?.focus();
  }, [scene]);
};

const Middle = (parts: Parts) => {
  const { desk, model } = parts;
  const scene = desk.scene.value;
  useFocusOverScenes(scene);
  if (isBehind(scene)) return <Done {...parts} scene={scene} />;
  if (scene !== "call") return <Lobby {...parts} />;
  return (
    <CallPane
      call={model.call}
      layout="desk"
      phone={rowOf(parts).phone}
      onLeave={() => void desk.leave()}
      onEnd={() => desk.open("part")}
      people={<PeopleSheet model={model} hosting={parts.guests} />}
    />
  );
};

const DeskPage = (parts: Parts) => {
  const { actions, board, tab } = parts;
  useHeld(board, actions.dialog.value !== null);
  return (
    <>
      <Head {...parts} />
      <AskedNotices asked={parts.asked} apart={parts.desk.scene.value === "call"} />
      <TabBar {...parts} wide={wide} />
      <div class="desk-columns">
        <Column name="list" label={t("Today")} tab={tab}>
          <ListColumn {...parts} />
        </Column>
        <Column name="call" label={t("Call")} tab={tab}>
          <div class="desk-around">
            <People {...parts} />
            <WaitingGuests {...parts} />
          </div>
          <Middle {...parts} />
        </Column>
        <Column name="note" label={t("Note")} tab={tab}>
          <NoteColumn {...parts} />
        </Column>
      </div>
      <Dialogs actions={actions} teams={[]} />
      <DeskDialogs {...parts} />
      <GuestDialogs guests={parts.guests} />
      <Toast actions={actions} />
    </>
  );
};

/** A reload in the middle of a call must not admit anybody anew. */
const takeAdmit = (): boolean => {
  if (location.hash !== ADMIT) return false;
  history.replaceState(null, "", location.pathname);
  return true;
};

const makeParts = (boot: DeskBoot): Parts => {
  const board = new Board({ now: new Date().toISOString(), rows: [boot.consultation] }, Date.now);
  board.onlyMine.value = preferred("mine", false);
  const actions = new Actions(requests);
  const { mine } = boot.consultation;
  const model = modelOf(openCall({ tickets: boot.tickets, me: boot.me, seat: mine }));
  const desk = new Desk({
    call: model.call,
    state: model.state,
    now: () => board.time(),
    mine,
    obstacle: obstacle(surroundings()),
    admitAtOnce: takeAdmit(),
    say: (text) => actions.say(text),
  });
  const guests = new Guests({
    requests: guestRequests(boot.consultation.id),
    command: (type, body) => model.call.command(type, body),
    say: (text) => actions.say(text),
  });
  const asked = new Asked(board.rows, boot.consultation.id);
  return { boot, board, feed: new Feed(board), asked, actions, model, desk, guests, tab: signal<DeskTab>("call") };
};

/** Who wants something here and now: a guest at the door, a colleague elsewhere. */
const callersOf = ({ model, asked }: Parts): string[] => [
  ...waitingGuests(model.state.value).map(({ id }) => id),
  ...asked.asks.value.map(({ key }) => key),
];

const main = (): void => {
  const parts = makeParts(readBoot<DeskBoot>());
  const { board, feed, model, desk, asked } = parts;
  const bell = new Bell({
    waiting: board.waitingIds,
    callers: computed(() => callersOf(parts)),
    busy: () => desk.scene.peek() === "call",
  });
  bell.restore();
  followWidth();
  const root = $("#desk");
  root.replaceChildren();
  render(<DeskPage {...parts} />, root);
  attend(model);
  desk.start();
  if (desk.scene.peek() !== "unable") model.call.start();
  feed.start();
  setInterval(() => {
    board.tick();
    bell.tick();
  }, TICK_MS);
  on(document, "visibilitychange", () => document.hidden || feed.hurry());
  on(window, "online", () => feed.hurry());
  on(window, "storage", () => asked.recall());
};

main();
