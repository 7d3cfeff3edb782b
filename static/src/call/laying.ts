/** Puts the tiles of a list where an arrangement wants them: by properties of the elements, because the content policy allows no style attribute. */
import { type Arrangement, OURSELVES } from "./arrange.ts";

/** The tile that holds the buttons that turn the page. */
export const PAGER = "pager";

const GAP_REM = 0.375;

/** "2 / 1": row and column of a small tile in the style sheet's grid, whose large picture takes the first row or column. */
export const areaOf = ({ kind, side, columns }: Arrangement, index: number): string => {
  const row = kind === "large" && side === "below" ? 2 : 1;
  const column = kind === "large" && side === "beside" ? 2 : 1;
  return `${row + Math.floor(index / columns)} / ${column + (index % columns)}`;
};

/** Where the tile of this name stands; empty where the style sheet knows it by itself. */
const placeOf = (arranged: Arrangement, name: string): string => {
  const { kind, columns, rows, tiles } = arranged;
  if (kind === "one" || kind === "nobody") return "";
  const index = name === PAGER ? columns * rows - 1 : tiles.indexOf(name);
  return index < 0 ? "" : areaOf(arranged, index);
};

const layTracks = (list: HTMLElement, { kind, side, columns, rows, tile }: Arrangement): void => {
  const { style } = list;
  style.setProperty("--columns", String(columns));
  style.setProperty("--rows", String(rows));
  style.setProperty("--tile-inline", `${tile.inline}rem`);
  style.setProperty("--tile-block", `${tile.block}rem`);
  // What lies over the large picture leaves the small ones beside it in sight.
  const strip = kind === "large" && side === "beside" ? columns * (tile.inline + GAP_REM) : 0;
  list.parentElement?.style.setProperty("--strip", `${strip}rem`);
};

/** Each child is named by its `data-tile`. */
export const lay = (list: HTMLElement, arranged: Arrangement): void => {
  layTracks(list, arranged);
  for (const child of list.querySelectorAll<HTMLElement>(":scope > li"))
    child.style.gridArea = placeOf(arranged, child.dataset.tile ?? OURSELVES);
};
