/** The name of the patient: a text field that offers known patients below it. */
import { useEffect, useId, useMemo } from "preact/hooks";
import { formatDay, plural, t } from "../lib/i18n.ts";
import { FEWEST, type KnownPatient, Seeker } from "./known.ts";
import { searchPatients } from "./requests.ts";

const LONGEST_NAME = 200;

const hintOf = ({ chosen, words }: Seeker): string => {
  if (chosen.value)
    return t(
      "Known patient, newest consultation {day}. The record's own name is used. A number or an address that you write replaces the one on record.",
      { day: formatDay(chosen.value.newest_at) },
    );
  if (words.value.trim().length < FEWEST) return t("Known patients are offered while you write.");
  return t("A new record is made, unless you choose somebody from the list.");
};

interface OptionsProps {
  seeker: Seeker;
  list: string;
}

const Options = ({ seeker, list }: OptionsProps) => (
  <div
    id={list}
    class="known-list"
    role="listbox"
    aria-label={t("Known patients")}
    hidden={seeker.found.value.length === 0}
  >
    {seeker.found.value.map((patient, place) => (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field, which keeps the focus
      // biome-ignore lint/a11y/useFocusableInteractive: the field names the marked option
      <div
        key={patient.id}
        id={`${list}-${place}`}
        class="known-option"
        role="option"
        aria-selected={seeker.active.value === place}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => seeker.choose(patient)}
      >
        <bdi>{patient.name}</bdi>
        <span class="soft small">{t("Newest consultation {day}", { day: formatDay(patient.newest_at) })}</span>
      </div>
    ))}
  </div>
);

/** Its fields are `patient_name` and, for whoever is known, `patient_id`. */
export const PatientName = ({ known }: { known?: KnownPatient | undefined }) => {
  const seeker = useMemo(() => {
    const made = new Seeker(searchPatients);
    if (known) made.choose(known);
    return made;
  }, []);
  const id = useId();
  useEffect(() => () => seeker.hide(), [seeker]);
  const count = seeker.found.value.length;
  const active = seeker.active.value;
  return (
    <div class="field known">
      <label for="patient-name">{t("Name of the patient")}</label>
      <input
        id="patient-name"
        name="patient_name"
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={count > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={active >= 0 ? `${id}-list-${active}` : undefined}
        aria-describedby={`${id}-hint`}
        required
        maxLength={LONGEST_NAME}
        autocomplete="off"
        dir="auto"
        value={seeker.words.value}
        onInput={(event) => seeker.typed(event.currentTarget.value)}
        onBlur={() => seeker.hide()}
        onKeyDown={(event) => seeker.key(event.key) && event.preventDefault()}
      />
      <Options seeker={seeker} list={`${id}-list`} />
      <p class="hint" id={`${id}-hint`}>
        {hintOf(seeker)}
      </p>
      <p class="unseen" role="status">
        {count > 0 ? plural(count, "{count} known patient", "{count} known patients") : ""}
      </p>
      <input type="hidden" name="patient_id" value={seeker.chosen.value?.id ?? ""} />
    </div>
  );
};
