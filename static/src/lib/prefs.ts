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
