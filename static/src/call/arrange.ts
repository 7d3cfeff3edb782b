/** Who is shown how large in a call: one picture alone, one large with the others small, or all of the same size. Pure. */

/** Our own tile among those of the others. */
export const OURSELVES = "ourselves";

/** In rem, so that larger letters make larger tiles. */
export interface Size {
  inline: number;
  block: number;
}

export interface Wish {
  /** Participant ids in the order of joining, without us and without those who only listen. */
  people: readonly string[];
  /** Whether we have a tile of our own. */
  ourselves: boolean;
  speaker: string | null;
  pinned: string | null;
  /** Who shares a screen. */
  screen: string | null;
  /** All of the same size, as long as nobody is pinned and no screen is shared. */
  grid: boolean;
  size: Size;
  page: number;
}

/** `one`: as in a call of two, our own picture lies over the other's. */
export type Kind = "nobody" | "one" | "large" | "grid";

export interface Arrangement {
  kind: Kind;
  main: string | null;
  /** The small tiles of this page, or all of the grid's, in reading order. */
  tiles: readonly string[];
  /** Where the small tiles stand, seen from the large one. */
  side: "below" | "beside";
  columns: number;
  rows: number;
  /** Of one small tile, in rem; the grid's take what there is. */
  tile: Size;
  page: number;
  pages: number;
}

/** A name, a mark and a button have room in it. */
const LEAST: Size = { inline: 6.5, block: 4.875 };
const MOST: Size = { inline: 13, block: 9.75 };
const GAP = 0.375;
const MOST_LINES = 4;
/** The share of the stage below which the large picture is not large any more. */
const MAIN_SHARE = 0.45;
const SHAPE = 4 / 3;
const WIDEST = 3 / 2;
/** The share by which two areas may differ without anybody seeing it. */
const ALIKE = 0.06;
/** Of sums of fractions. */
const SLACK = 0.001;

interface Grid {
  columns: number;
  rows: number;
  tile: Size;
}

interface Strip extends Grid {
  side: Arrangement["side"];
  shown: number;
  /** What the large picture gets, as the area of a picture within it. */
  area: number;
}

const within = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

const fits = (length: number, least: number): number => Math.max(1, Math.floor((length + GAP) / (least + GAP)));

const part = (length: number, count: number): number => (length - GAP * (count - 1)) / count;

/** Area of the largest picture of the usual shape in a box. */
const areaIn = ({ inline, block }: Size): number => {
  const wide = Math.min(inline, block * SHAPE);
  return (wide * wide) / SHAPE;
};

/** How thick a tile may be where so many lines of them leave the large picture its share. */
const most = (length: number, count: number, way: keyof Size): number =>
  within((length * (1 - MAIN_SHARE)) / count - GAP, LEAST[way], MOST[way]);

const below = (count: number, rows: number, { inline, block }: Size): Strip => {
  const columns = Math.min(Math.ceil(count / rows), fits(inline, LEAST.inline));
  const wide = part(inline, columns);
  const tile = { inline: wide, block: within(wide / SHAPE, LEAST.block, most(block, rows, "block")) };
  const rest = block - rows * (tile.block + GAP);
  const area = rest < block * MAIN_SHARE - SLACK ? 0 : areaIn({ inline, block: rest });
  return { side: "below", columns, rows, tile, shown: Math.min(count, columns * rows), area };
};

/** A row without tiles follows the last one, so that the large picture may be higher than they are together. */
const beside = (count: number, columns: number, { inline, block }: Size): Strip => {
  const length = block - GAP;
  const rows = Math.min(Math.ceil(count / columns), fits(length, LEAST.block));
  const high = within(part(length, rows), LEAST.block, MOST.block);
  const tile = { inline: within(high * SHAPE, LEAST.inline, most(inline, columns, "inline")), block: high };
  const rest = inline - columns * (tile.inline + GAP);
  const area = rest < inline * MAIN_SHARE - SLACK ? 0 : areaIn({ inline: rest, block });
  return { side: "beside", columns, rows, tile, shown: Math.min(count, columns * rows), area };
};

/** A picture in a tile that is much wider than high loses head and shoulders. */
const worthOf = ({ tile }: Strip): number => areaIn(tile) * Math.min(1, (WIDEST * tile.block) / tile.inline);

/** The buttons that turn the page stand beside one tile at least, and the large picture has some room. */
const isPossible = (count: number, { inline, block }: Size, { side, columns, rows, tile }: Strip): boolean => {
  const rest = side === "below" ? block - rows * (tile.block + GAP) : inline - columns * (tile.inline + GAP);
  return rest > 0 && columns * rows >= Math.min(2, count);
};

/** Everybody in sight comes first, then the size of the large picture; where that is much the same, of the small ones. */
const better = (one: Strip, other: Strip): Strip => {
  if (one.area > 0 !== other.area > 0) return one.area > 0 ? one : other;
  if (one.shown !== other.shown) return one.shown > other.shown ? one : other;
  const alike = Math.abs(one.area - other.area) < ALIKE * Math.max(one.area, other.area);
  const wins = alike ? worthOf(one) >= worthOf(other) : one.area > other.area;
  return wins ? one : other;
};

const lines = Array.from({ length: MOST_LINES }, (_, index) => index + 1);

const stripFor = (count: number, size: Size): Strip =>
  lines
    .flatMap((line) => [below(count, line, size), beside(count, line, size)])
    .filter((strip) => isPossible(count, size, strip))
    .reduce(better, beside(count, 2, size));

const gridOf = (count: number, columns: number, { inline, block }: Size): Grid => {
  const rows = Math.ceil(count / columns);
  return { columns, rows, tile: { inline: part(inline, columns), block: part(block, rows) } };
};

const large = ({ tile }: Grid): boolean => tile.inline >= LEAST.inline && tile.block >= LEAST.block;

/** Everybody at once if the tiles are not too small for it, else as many as have room. */
const gridFor = (count: number, size: Size): Grid & { shown: number } => {
  const all = Array.from({ length: count }, (_, index) => gridOf(count, index + 1, size)).filter(large);
  const [first] = all;
  if (first) {
    const best = all.reduce((one, other) => (areaIn(one.tile) >= areaIn(other.tile) ? one : other), first);
    return { ...best, shown: count };
  }
  const columns = fits(size.inline, LEAST.inline);
  const rows = fits(size.block, LEAST.block);
  return { ...gridOf(columns * rows, columns, size), shown: columns * rows };
};

interface Cut {
  tiles: readonly string[];
  page: number;
  pages: number;
}

/** The buttons that turn the page take the place of one tile. */
const cut = (all: readonly string[], room: number, wanted: number): Cut => {
  if (all.length <= room) return { tiles: all, page: 0, pages: 1 };
  const each = Math.max(1, room - 1);
  const pages = Math.ceil(all.length / each);
  const page = within(wanted, 0, pages - 1);
  return { tiles: all.slice(page * each, (page + 1) * each), page, pages };
};

const NONE = { columns: 1, rows: 1, tile: MOST, side: "below", page: 0, pages: 1 } as const;

const mainOf = ({ people, pinned, screen, speaker }: Wish): string | null =>
  [pinned, screen, speaker, people[0]].find((id) => id && people.includes(id)) ?? null;

const isGrid = ({ grid, people, pinned, screen }: Wish): boolean =>
  grid && ![pinned, screen].some((id) => id !== null && people.includes(id));

export const arrange = (wish: Wish): Arrangement => {
  const { people, ourselves, size, page } = wish;
  const own = ourselves ? [OURSELVES] : [];
  const main = mainOf(wish);
  if (people.length < 2) return { ...NONE, kind: main === null ? "nobody" : "one", main, tiles: own };
  if (isGrid(wish)) {
    const all = [...people, ...own];
    const { shown, ...grid } = gridFor(all.length, size);
    return { ...NONE, ...grid, kind: "grid", main: null, ...cut(all, shown, page) };
  }
  const small = [...people.filter((id) => id !== main), ...own];
  const { side, columns, rows, tile, shown } = stripFor(small.length, size);
  return { kind: "large", main, side, columns, rows, tile, ...cut(small, shown, page) };
};
