/** Who is here besides us, and how well the line to them is, in words. */
import { groupOf } from "../call/people.tsx";
import { personWords } from "../call/words.ts";
import { t } from "../lib/i18n.ts";
import type { Participant } from "../lib/wire.ts";
import type { Parts } from "./parts.ts";

const isAround = (person: Participant): boolean => person.role === "patient" || person.present;

const Person = ({ person, model }: { person: Participant } & Pick<Parts, "model">) => {
  const remote = model.state.value.remotes.find(({ participant }) => participant.id === person.id);
  return (
    <li data-weak={remote !== undefined && (remote.view.troubled || remote.view.theirs === "weak")}>
      <b dir="auto">{person.name}</b> {personWords(person, remote).join(" · ")}
    </li>
  );
};

/** Whoever is in the call with us has a tile; guests who wait are told apart (waitingguests.tsx). */
export const People = ({ model, desk }: Pick<Parts, "model" | "desk">) => {
  const { roster, me } = model.state.value;
  const talking = desk.scene.value === "call";
  const around = roster.participants
    .filter((person) => person.id !== me?.id && isAround(person))
    .filter((person) => !talking || person.stage !== "in_call")
    .filter((person) => groupOf(person) === "here" || person.role === "patient");
  if (around.length === 0) return null;
  return (
    <ul class="desk-people" aria-label={t("Who is here")}>
      {around.map((person) => (
        <Person key={person.id} person={person} model={model} />
      ))}
    </ul>
  );
};
