/** Addresses that are made in the browser: of our own sockets, and of a phone number. */

/** A socket of this server, by its path. */
export const socketUrl = (path: string): string => new URL(path, location.href.replace(/^http/, "ws")).href;

/** What a phone dials for a number that was written for people. */
export const telUrl = (phone: string): string => `tel:${phone.replace(/[^+\d]/g, "")}`;
