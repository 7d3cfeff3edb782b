/** The arrow keys go through the appointments of a grid: up and down in their day, sideways to the nearest one of another day. */
import { on } from "../lib/dom.ts";

interface Place {
  row: number;
  column: number;
}

/** How many lines and days an arrow goes; the start of a line is on the right in some languages. */
const stepOf = (key: string, rightToLeft: boolean): Place | null => {
  const sideways = rightToLeft ? -1 : 1;
  const steps: Record<string, Place> = {
    ArrowUp: { row: -1, column: 0 },
    ArrowDown: { row: 1, column: 0 },
    ArrowLeft: { row: 0, column: -sideways },
    ArrowRight: { row: 0, column: sideways },
  };
  return steps[key] ?? null;
};

/** The index of the appointment to go to from `from`, or null where there is none that way; `places` are in the order of the page. */
export const goTo = (places: readonly Place[], from: number, step: Place): number | null => {
  const here = places[from];
  if (!here) return null;
  const ahead = places
    .map((place, index) => ({ place, index }))
    .filter(({ place, index }) =>
      step.column === 0
        ? place.column === here.column && Math.sign(index - from) === step.row
        : Math.sign(place.column - here.column) === step.column,
    );
  const far = ({ place, index }: { place: Place; index: number }): number =>
    step.column === 0
      ? Math.abs(index - from)
      : Math.abs(place.column - here.column) * 1000 + Math.abs(place.row - here.row);
  return (
    ahead.reduce<{ place: Place; index: number } | null>(
      (best, one) => (best === null || far(one) < far(best) ? one : best),
      null,
    )?.index ?? null
  );
};

const placeOf = (link: Element): Place => {
  const cell = link.closest("td");
  const line = link.closest("tr");
  return { row: line?.rowIndex ?? 0, column: cell?.cellIndex ?? 0 };
};

/** Listens in the grid, if this page has one. */
export const walkable = (grid: HTMLElement | null): void => {
  if (!grid) return;
  on<KeyboardEvent>(grid, "keydown", (event) => {
    const step = stepOf(event.key, document.documentElement.dir === "rtl");
    const links = [...grid.querySelectorAll<HTMLElement>("[data-walk]")];
    const from = links.indexOf(event.target as HTMLElement);
    if (!step || from < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = goTo(links.map(placeOf), from, step);
    if (to === null) return;
    event.preventDefault();
    links[to]?.focus();
  });
};
