/** The people of a call as a list of tiles; a tile goes where it is wanted and takes its running picture along. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { announce } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { type Arrangement, OURSELVES } from "./arrange.ts";
import { shownOf } from "./layout.ts";
import type { Remote } from "./peers.ts";
import { Avatar, Picture } from "./picture.tsx";
import { briefWords, hasPicture, isCovered, pictureWords } from "./seen.ts";
import { SelfView } from "./self.tsx";
import type { CallModel } from "./state.ts";

type Style = Record<string, string | number>;

interface TileProps {
  model: CallModel;
  remote: Remote;
  arranged: Arrangement;
}

const Pin = ({ model, remote }: { model: CallModel; remote: Remote }) => {
  const { pinned } = model.layout;
  const { id, name } = remote.participant;
  const on = pinned.value === id;
  const toggle = () => {
    pinned.value = on ? null : id;
    announce(on ? t("{name} is no longer kept large.", { name }) : t("{name} is kept large.", { name }));
  };
  return (
    <button
      type="button"
      class="pin"
      aria-pressed={on}
      aria-label={t("Keep {name} large", { name })}
      onClick={toggle}
      data-person={id}
    >
      <Icon name="pin" />
    </button>
  );
};

const Mark = ({ icon, children }: { icon: "mic-off" | "hand" | "monitor-up"; children: string }) => (
  <span class={icon}>
    <Icon name={icon} />
    <span class="unseen">{children}</span>
  </span>
);

const Marks = ({ remote: { participant } }: { remote: Remote }) => (
  <>
    {participant.mic ? null : <Mark icon="mic-off">{t("Microphone off")}</Mark>}
    {participant.hand ? <Mark icon="hand">{t("Hand raised")}</Mark> : null}
    {participant.screen ? <Mark icon="monitor-up">{t("Shares the screen")}</Mark> : null}
  </>
);

const Plate = ({ model, remote }: { model: CallModel; remote: Remote }) => (
  <>
    <div class="plate">
      <b dir="auto">{remote.participant.name}</b>
      <Pin model={model} remote={remote} />
    </div>
    <p class="marks">
      <Marks remote={remote} />
    </p>
  </>
);

/** In a call of two the name stands over the picture already, and there is nothing to choose. */
const UnseenPlate = ({ remote }: { remote: Remote }) => (
  <p class="unseen">
    {remote.participant.name} {remote.participant.mic ? "" : t("Microphone off")}
  </p>
);

const sizeOf = ({ kind, main }: Arrangement, id: string): "main" | "small" | "equal" => {
  if (kind === "grid") return "equal";
  return main === id ? "main" : "small";
};

/** Where a small tile stands in the grid of the style sheet, whose large picture takes the first row or column. */
const placeOf = ({ kind, side, columns }: Arrangement, index: number): Style => {
  const first = {
    row: kind === "large" && side === "below" ? 2 : 1,
    column: kind === "large" && side === "beside" ? 2 : 1,
  };
  return { gridArea: `${first.row + Math.floor(index / columns)} / ${first.column + (index % columns)}` };
};

interface Placed {
  hidden: boolean;
  style?: Style;
}

const placed = (arranged: Arrangement, id: string): Placed => {
  const index = arranged.tiles.indexOf(id);
  if (arranged.main === id || arranged.kind === "one" || arranged.kind === "nobody") return { hidden: false };
  return index < 0 ? { hidden: true } : { hidden: false, style: placeOf(arranged, index) };
};

const Tile = ({ model, remote, arranged }: TileProps) => {
  const state = model.state.value;
  const { id, name, screen } = remote.participant;
  const seen = hasPicture(state, remote);
  const size = sizeOf(arranged, id);
  const speaks = arranged.kind === "grid" && state.speaking === id;
  return (
    <li class={`tile ${size} ${speaks ? "speaks" : ""}`} {...placed(arranged, id)}>
      <Picture stream={remote.view.stream} class={`remote ${screen ? "whole" : ""} ${seen ? "" : "out"}`} />
      {seen && !isCovered(state, remote) ? null : (
        <Avatar name={name}>
          <p>{size === "main" ? pictureWords(state, remote) : briefWords(state, remote)}</p>
        </Avatar>
      )}
      {arranged.kind === "one" ? <UnseenPlate remote={remote} /> : <Plate model={model} remote={remote} />}
    </li>
  );
};

const Mine = ({ model, arranged }: { model: CallModel; arranged: Arrangement }) => (
  <li class="mine" {...placed(arranged, OURSELVES)}>
    <SelfView model={model} />
  </li>
);

const Pager = ({ model, arranged }: { model: CallModel; arranged: Arrangement }) => {
  const { page, pages, columns, rows } = arranged;
  const turn = (by: number) => () => {
    model.layout.page.value = page + by;
  };
  return (
    <li class="pager" style={placeOf(arranged, columns * rows - 1)}>
      <button
        type="button"
        aria-label={t("People before")}
        aria-disabled={page === 0}
        onClick={turn(page > 0 ? -1 : 0)}
      >
        <Icon name="arrow-left" />
      </button>
      <span>{t("{page} of {pages}", { page: page + 1, pages })}</span>
      <button
        type="button"
        aria-label={t("More people")}
        aria-disabled={page === pages - 1}
        onClick={turn(page < pages - 1 ? 1 : 0)}
      >
        <Icon name="arrow-right" />
      </button>
    </li>
  );
};

/** A tile that moves within the list loses the focus on the way: it gets it back. */
const useFocusThroughMoves = () => {
  const list = useRef<HTMLUListElement>(null);
  const held = document.activeElement as HTMLElement | null;
  const inside = list.current?.contains(held) ?? false;
  useLayoutEffect(() => {
    if (inside && held?.isConnected && document.activeElement === document.body) held.focus({ preventScroll: true });
  });
  return list;
};

const rem = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

const useMeasure = (list: { current: HTMLElement | null }, { layout }: CallModel): void => {
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      const { clientWidth, clientHeight } = element;
      if (clientWidth > 0) layout.size.value = { inline: clientWidth / rem(), block: clientHeight / rem() };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [list, layout]);
};

/** The tracks of the list as the style sheet's grid wants them. */
const tracks = ({ columns, rows, tile }: Arrangement): Style => ({
  "--columns": columns,
  "--rows": rows,
  "--tile-inline": `${tile.inline}rem`,
  "--tile-block": `${tile.block}rem`,
});

/** The large one first, then those in sight, then those on other pages. */
const inOrder = (remotes: Remote[], { main, tiles }: Arrangement): Remote[] => {
  const rank = ({ participant: { id } }: Remote): number => {
    const place = tiles.indexOf(id);
    return id === main ? -1 : place < 0 ? tiles.length : place;
  };
  return remotes.sort((one, other) => rank(one) - rank(other));
};

export const Tiles = ({ model }: { model: CallModel }) => {
  const state = model.state.value;
  const arranged = model.layout.arranged.value;
  const list = useFocusThroughMoves();
  useMeasure(list, model);
  const own = state.me?.quiet !== true;
  return (
    <ul
      ref={list}
      class="tiles"
      aria-label={t("People in the call")}
      data-kind={arranged.kind}
      data-side={arranged.side}
      style={tracks(arranged)}
    >
      {inOrder(shownOf(state), arranged).map((remote) => (
        <Tile key={remote.participant.id} model={model} remote={remote} arranged={arranged} />
      ))}
      {own ? <Mine key={OURSELVES} model={model} arranged={arranged} /> : null}
      {arranged.pages > 1 ? <Pager key="pager" model={model} arranged={arranged} /> : null}
    </ul>
  );
};
