/** Who stays when we leave a call for many, in a sentence. */
import type { CallState } from "../call/model.ts";
import { listWords, plural, t } from "../lib/i18n.ts";
import type { Participant } from "../lib/wire.ts";
import { inCallOf } from "./scene.ts";

/** More are counted. */
const MOST_NAMED = 3;

/** The patient first. */
const remaining = ({ roster, me }: CallState): Participant[] =>
  inCallOf(roster)
    .filter(({ id }) => id !== me?.id)
    .sort((one, other) => Number(other.role === "patient") - Number(one.role === "patient"));

/** "Dana, Bob and Carla", "Dana, Bob and 3 others". */
export const manyWords = (names: readonly string[]): string => {
  if (names.length <= MOST_NAMED) return listWords(names);
  const named = names.slice(0, MOST_NAMED - 1);
  return listWords([...named, plural(names.length - named.length, "{count} other", "{count} others")]);
};

export const staysWords = (state: CallState): string => {
  const people = remaining(state);
  const names = manyWords(people.map(({ name }) => name));
  if (people.length === 0) return t("Only you go. You or a colleague can join again.");
  return people.some(({ role }) => role === "professional")
    ? plural(people.length, "Only you go. {names} stays in the call.", "Only you go. {names} stay in the call.", {
        names,
      })
    : plural(
        people.length,
        "Only you go. {names} stays in the call and waits; you or a colleague can join.",
        "Only you go. {names} stay in the call and wait; you or a colleague can join.",
        { names },
      );
};

export const endsWords = (state: CallState, name: string): string =>
  remaining(state).length > 1
    ? t("The consultation is completed. Everybody in the call sees that it has ended.")
    : t("The consultation is completed. {name} sees that it has ended.", { name });
