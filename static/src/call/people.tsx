/** Who takes part, where they are, and how well they are heard and seen. */
import { t } from "../lib/i18n.ts";
import type { Participant } from "../lib/wire.ts";
import type { CallModel } from "./state.ts";
import { initials, personWords } from "./words.ts";

const Person = ({ model, person }: { model: CallModel; person: Participant }) => {
  const { me, remotes } = model.state.value;
  const remote = remotes.find(({ participant }) => participant.id === person.id);
  const name = person.id === me?.id ? t("{name} (you)", { name: person.name }) : person.name;
  return (
    <li>
      <span class="avatar" aria-hidden="true">
        {initials(person.name)}
      </span>
      <div>
        <p class="name">{name}</p>
        {person.companion === null ? null : <p class="soft">{t("With {name}", { name: person.companion })}</p>}
        <p class="soft">{personWords(person, remote).join(" · ")}</p>
      </div>
    </li>
  );
};

export const People = ({ model }: { model: CallModel }) => (
  <ul class="people" aria-label={t("Who is here")}>
    {model.state.value.roster.participants.map((person) => (
      <Person key={person.id} model={model} person={person} />
    ))}
  </ul>
);
