/** Draws one SVG sprite from the lucide icons in names.mjs; an icon is shown by `<use href="sprite.svg#name">`. */
import { names } from "./names.mjs";

const STROKE = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';

const element = ([tag, attributes]) =>
  `<${tag} ${Object.entries(attributes)
    .map(([name, value]) => `${name}="${value}"`)
    .join(" ")}/>`;

const symbol = async (name) => {
  const { default: nodes } = await import(`../node_modules/lucide/dist/esm/icons/${name}.mjs`);
  return `<symbol id="${name}" viewBox="0 0 24 24" ${STROKE}>${nodes.map(element).join("")}</symbol>`;
};

export const sprite = async () => {
  const symbols = await Promise.all(names.map(symbol));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
};
