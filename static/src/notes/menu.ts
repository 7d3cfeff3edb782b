/** Moving in a menu by key: arrows, Home and End, and the first letter of an item. */

const place = (count: number, current: number, key: string): number | null => {
  if (key === "ArrowDown") return (current + 1) % count;
  if (key === "ArrowUp") return (current <= 0 ? count : current) - 1;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
};

const byLetter = (labels: readonly string[], current: number, letter: string): number | null => {
  const starts = (label: string): boolean => label.toLocaleLowerCase().startsWith(letter.toLocaleLowerCase());
  const following = [...labels.keys()].map((step) => (current + 1 + step) % labels.length);
  return following.find((index) => starts(labels[index] ?? "")) ?? null;
};

/** The item that a key leads to from `current` (-1: none yet); null for a key that leads nowhere. */
export const itemByKey = (labels: readonly string[], current: number, key: string): number | null => {
  if (labels.length === 0) return null;
  const found = place(labels.length, current, key);
  if (found !== null || key === " " || [...key].length !== 1) return found;
  return byLetter(labels, current, key);
};
