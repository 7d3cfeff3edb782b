/** What may come in from the clipboard. */

/** More at once is refused: the server takes 256 KiB in one edit, of which a paragraph costs 60 bytes and a letter up to three. */
export const MAX_PASTE = 40_000;
export const MAX_PASTE_LINES = 2_000;

export const tooMuch = (text: string): boolean =>
  text.length > MAX_PASTE || (text.match(/\n/g)?.length ?? 0) >= MAX_PASTE_LINES;

const SILENT = /<(style|script|title|head|meta|link)\b[^>]*>(?:[\s\S]*?<\/\1\s*>)?/gi;
const TAG = /<[a-z](?:"[^"]*"|'[^']*'|[^'">])*>/gi;
const ATTRIBUTE = /\s(?:style|on[a-z]+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)/gi;

/** Drops what the page's policy would refuse anyway, so that pasting from elsewhere reports no violation. */
export const cleanHtml = (html: string): string =>
  html.replace(SILENT, "").replace(TAG, (tag) => tag.replace(ATTRIBUTE, ""));
