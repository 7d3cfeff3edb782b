/** Who takes part, as what, where they are, and how well they are heard and seen; for professionals also who waits and who was invited. */
import type { ComponentChildren } from "preact";
import { t } from "../lib/i18n.ts";
import type { Participant } from "../lib/wire.ts";
import type { CallModel } from "./state.ts";
import { initials, personWords, roleWords } from "./words.ts";

/** What a professional can do about people. */
export interface Hosting {
  admit: (person: Participant) => void;
  hold: (person: Participant) => void;
  refuse: (person: Participant) => void;
  withdraw: (person: Participant) => void;
  /** Shows the link of a guest once more, and sends it again. */
  link: (person: Participant) => void;
  invite: () => void;
}

interface PersonProps {
  model: CallModel;
  person: Participant;
  children?: ComponentChildren;
}

const Person = ({ model, person, children }: PersonProps) => {
  const { me, remotes } = model.state.value;
  const remote = remotes.find(({ participant }) => participant.id === person.id);
  const name = person.id === me?.id ? t("{name} (you)", { name: person.name }) : person.name;
  return (
    <li>
      <span class="avatar" aria-hidden="true">
        {initials(person.name)}
      </span>
      <div>
        <p class="name" dir="auto">
          {name}
        </p>
        {person.companion === null ? null : <p class="soft">{t("With {name}", { name: person.companion })}</p>}
        <p class="soft">{[roleWords(person), ...personWords(person, remote)].join(" · ")}</p>
      </div>
      {children}
    </li>
  );
};

interface DeedProps {
  kind?: string;
  /** Of whom, for those who hear the button without its row. */
  name: string;
  onClick: () => void;
  children: string;
}

const Deed = ({ kind = "", name, onClick, children }: DeedProps) => (
  <button type="button" class={`button small ${kind}`} onClick={onClick}>
    {children}
    <span class="unseen"> {name}</span>
  </button>
);

/** For whoever waits, or was asked not to come now. */
export const DoorDeeds = ({ person, hosting }: { person: Participant; hosting: Hosting }) => {
  const { name, stage } = person;
  return (
    <div class="deeds">
      <Deed kind="primary" name={name} onClick={() => hosting.admit(person)}>
        {t("Admit")}
      </Deed>
      {stage === "waiting" ? (
        <>
          <Deed name={name} onClick={() => hosting.hold(person)}>
            {t("Let wait longer")}
          </Deed>
          <Deed name={name} onClick={() => hosting.refuse(person)}>
            {t("Can’t see now")}
          </Deed>
        </>
      ) : null}
    </div>
  );
};

const InvitedDeeds = ({ person, hosting }: { person: Participant; hosting: Hosting }) => (
  <div class="deeds">
    <Deed name={person.name} onClick={() => hosting.link(person)}>
      {t("Show or send link")}
    </Deed>
    <Deed name={person.name} onClick={() => hosting.withdraw(person)}>
      {t("Withdraw")}
    </Deed>
  </div>
);

/** A guest in the call can be turned away as one who waits can; they are told why. */
const HereDeeds = ({ person, hosting }: { person: Participant; hosting: Hosting }) =>
  person.role === "guest" && person.stage === "in_call" ? (
    <div class="deeds">
      <Deed name={person.name} onClick={() => hosting.refuse(person)}>
        {t("Ask to leave")}
      </Deed>
    </div>
  ) : null;

type Group = "here" | "waiting" | "invited";

const AT_THE_DOOR = new Set(["waiting", "refused"]);

export const groupOf = ({ role, stage }: Participant): Group => {
  if (AT_THE_DOOR.has(stage)) return "waiting";
  return role === "guest" && stage !== "in_call" ? "invited" : "here";
};

/** Those in the call first, in the order of joining. */
const inOrder = (people: readonly Participant[]): Participant[] =>
  [...people].sort(
    (one, other) =>
      Number(other.stage === "in_call") - Number(one.stage === "in_call") ||
      (one.since ?? "").localeCompare(other.since ?? ""),
  );

const Everybody = ({ model }: { model: CallModel }) => (
  <ul class="people" aria-label={t("Who is here")}>
    {inOrder(model.state.value.roster.participants).map((person) => (
      <Person key={person.id} model={model} person={person} />
    ))}
  </ul>
);

interface GroupProps {
  model: CallModel;
  title: string;
  people: readonly Participant[];
  deeds: (person: Participant) => ComponentChildren;
}

const PeopleGroup = ({ model, title, people, deeds }: GroupProps) =>
  people.length === 0 ? null : (
    <section class="people-group">
      <h3>{title}</h3>
      <ul class="people" aria-label={title}>
        {people.map((person) => (
          <Person key={person.id} model={model} person={person}>
            {deeds(person)}
          </Person>
        ))}
      </ul>
    </section>
  );

const Managed = ({ model, hosting }: { model: CallModel; hosting: Hosting }) => {
  const all = inOrder(model.state.value.roster.participants);
  const of = (group: Group) => all.filter((person) => groupOf(person) === group);
  return (
    <>
      <PeopleGroup
        model={model}
        title={t("Waiting")}
        people={of("waiting")}
        deeds={(person) => <DoorDeeds person={person} hosting={hosting} />}
      />
      <PeopleGroup
        model={model}
        title={t("Who is here")}
        people={of("here")}
        deeds={(person) => <HereDeeds person={person} hosting={hosting} />}
      />
      <PeopleGroup
        model={model}
        title={t("Invited")}
        people={of("invited")}
        deeds={(person) => <InvitedDeeds person={person} hosting={hosting} />}
      />
    </>
  );
};

export const People = ({ model, hosting }: { model: CallModel; hosting?: Hosting | undefined }) =>
  hosting ? <Managed model={model} hosting={hosting} /> : <Everybody model={model} />;
