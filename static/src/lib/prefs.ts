/** What this browser remembers of a person's choices in calls; where storage is forbidden they last as long as the page. */

const KEY = "consilium.call";

type Choices = Record<string, string | boolean>;

const choices = (): Choices => {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Choices;
  } catch {
    return {};
  }
};

export const preferred = <T extends string | boolean>(name: string, otherwise: T): T =>
  (choices()[name] ?? otherwise) as T;

export const prefer = (name: string, choice: string | boolean): void => {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...choices(), [name]: choice }));
  } catch {
    // forbidden in some private windows
  }
};

interface Off {
  camera: boolean;
  microphone: boolean;
}

const OFF = `${KEY}.off`;
const NOTHING: Off = { camera: false, microphone: false };

/** What somebody switched off in this tab, in this call: a reload must not put them on the air again. */
export const switchedOff = (call: string): Off => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(OFF) ?? "null") as { call: string; off: Off } | null;
    return kept?.call === call ? kept.off : NOTHING;
  } catch {
    return NOTHING;
  }
};

export const keepOff = (call: string, off: Off): void => {
  try {
    sessionStorage.setItem(OFF, JSON.stringify({ call, off }));
  } catch {
    // forbidden in some private windows
  }
};
