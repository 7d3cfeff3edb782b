/** An icon of the sprite; decoration only, the words stand beside it. */
import type { names } from "../../icons/names.mjs";

declare const SPRITE: string;

export type IconName = (typeof names)[number];

export const Icon = ({ name }: { name: IconName }) => (
  <svg class={name.startsWith("arrow") ? "icon points" : "icon"} aria-hidden="true">
    <use href={`${new URL(SPRITE, import.meta.url).href}#${name}`} />
  </svg>
);
