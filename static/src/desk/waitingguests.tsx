/** Guests who ask to be let in, above the call or the lobby, as the waiting patient stands in the lobby. */
import { DoorDeeds } from "../call/people.tsx";
import { initials, roleWords } from "../call/words.ts";
import { plural, t } from "../lib/i18n.ts";
import type { Participant } from "../lib/wire.ts";
import type { Parts } from "./parts.ts";
import { waitingGuests } from "./scene.ts";

const MINUTE_MS = 60_000;

const sinceWords = ({ since, present }: Participant, now: number): string => {
  if (!present) return t("In the waiting room, reconnecting");
  const minutes = since === null ? 0 : Math.floor((now - Date.parse(since)) / MINUTE_MS);
  return minutes < 1 ? t("Has just arrived") : plural(minutes, "Waiting {count} minute", "Waiting {count} minutes");
};

const Guest = ({ person, board, guests }: Pick<Parts, "board" | "guests"> & { person: Participant }) => (
  <li class="desk-guest">
    <span class="avatar" aria-hidden="true">
      {initials(person.name)}
    </span>
    <div>
      <p>
        <b>{t("{name} is waiting", { name: person.name })}</b>
      </p>
      <p class="soft small">{[roleWords(person), sinceWords(person, board.now.value)].join(" · ")}</p>
    </div>
    <DoorDeeds person={person} hosting={guests} />
  </li>
);

/** What is said aloud of them comes from the call's own announcements. */
export const WaitingGuests = ({ model, board, guests }: Parts) => {
  const waiting = waitingGuests(model.state.value);
  return waiting.length === 0 ? null : (
    <ul class="desk-guests" aria-label={t("Guests who are waiting")}>
      {waiting.map((person) => (
        <Guest key={person.id} person={person} board={board} guests={guests} />
      ))}
    </ul>
  );
};
