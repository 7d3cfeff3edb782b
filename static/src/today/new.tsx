/** 'Consultation now': who, how to reach them, for whom, when; ends in the patient's link. */
import { useState } from "preact/hooks";
import { ownZone, plural, t, zoneCity } from "../lib/i18n.ts";
import type { Actions } from "./actions.ts";
import { Form, text } from "./form.tsx";
import type { KnownPatient } from "./known.ts";
import { PatientName } from "./known.tsx";
import type { Channel, Plan } from "./requests.ts";

export interface Team {
  id: string;
  name: string;
}

const LENGTHS_MIN = [10, 15, 20, 30, 45, 60];
const USUAL_MIN = 20;
/** The server's own rules, so that a slip is shown beside its field. */
const MOBILE = "\\+?[0-9][0-9 \\(\\)\\-]{4,30}";
const EMAIL = '[^@\\s,;<>"]+@[^@\\s,;<>"]+\\.[^@\\s,;<>"]+';

const orNull = (value: string): string | null => value || null;

/** What the form says, as the server wants it; the time of the input is the reader's own. */
export const planOf = (values: FormData): Plan => ({
  patient_name: text(values, "patient_name"),
  patient_id: orNull(text(values, "patient_id")),
  mobile: orNull(text(values, "mobile")),
  email: orNull(text(values, "email")),
  team_id: orNull(text(values, "team_id")),
  scheduled_at: text(values, "when") === "later" ? new Date(text(values, "scheduled_at")).toISOString() : null,
  duration_min: Number(values.get("duration_min")),
});

const ADDRESSES = {
  sms: () => ({
    id: "mobile",
    label: t("Mobile number"),
    type: "tel" as const,
    pattern: MOBILE,
    title: t("Digits and spaces, with + in front of the country"),
  }),
  email: () => ({
    id: "email",
    label: t("E-mail address"),
    type: "email" as const,
    pattern: EMAIL,
    title: t("An address such as name@example.org"),
  }),
};

interface AddressProps {
  channel: Channel;
  /** The id of the hint that is there already. */
  hint?: string;
  known?: string | null;
  required?: boolean;
}

export const AddressField = ({ channel, hint, known = null, required = false }: AddressProps) => {
  const { id, label, ...rest } = ADDRESSES[channel]();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...rest}
        id={id}
        name={id}
        autocomplete="off"
        maxLength={254}
        dir="ltr"
        defaultValue={known ?? ""}
        required={required}
        aria-describedby={hint}
      />
    </div>
  );
};

/** A mobile number and an e-mail address, both optional. */
export const Reach = () => (
  <fieldset class="field-pair">
    <legend>{t("Where the link goes (optional)")}</legend>
    <p class="hint" id="reach-hint">
      {t("With a number or an address the link is also put into Messages. Without one you pass it on yourself.")}
    </p>
    <AddressField channel="sms" hint="reach-hint" />
    <AddressField channel="email" hint="reach-hint" />
  </fieldset>
);

const ForWhom = ({ teams }: { teams: Team[] }) => (
  <fieldset class="field">
    <legend>{t("Who sees it and its note")}</legend>
    <label class="choice">
      <input type="radio" name="team_id" value="" defaultChecked />
      {t("Only me")}
    </label>
    {teams.map((team) => (
      <label class="choice" key={team.id}>
        <input type="radio" name="team_id" value={team.id} />
        {t("Team {name}", { name: team.name })}
      </label>
    ))}
  </fieldset>
);

/** "2026-11-23T14:05", as an input of local date and time wants it. */
const localMinute = (date: Date): string =>
  new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

const LaterTime = () => (
  <div class="field">
    <label for="scheduled-at">{t("Day and time")}</label>
    <p class="hint" id="zone-hint">
      {t("{city} time", { city: zoneCity(ownZone()) })}
    </p>
    <input
      id="scheduled-at"
      name="scheduled_at"
      type="datetime-local"
      min={localMinute(new Date())}
      required
      aria-describedby="zone-hint"
    />
  </div>
);

const When = ({ later: first }: { later: boolean }) => {
  const [later, setLater] = useState(first);
  return (
    <fieldset class="field">
      <legend>{t("When")}</legend>
      <label class="choice">
        <input type="radio" name="when" value="now" checked={!later} onChange={() => setLater(false)} />
        {t("Now")}
      </label>
      <label class="choice">
        <input type="radio" name="when" value="later" checked={later} onChange={() => setLater(true)} />
        {t("Later")}
      </label>
      {later && <LaterTime />}
    </fieldset>
  );
};

const Length = () => (
  <div class="field">
    <label for="duration-min">{t("How long")}</label>
    <select id="duration-min" name="duration_min">
      {LENGTHS_MIN.map((minutes) => (
        <option key={minutes} value={minutes} selected={minutes === USUAL_MIN}>
          {plural(minutes, "{count} minute", "{count} minutes")}
        </option>
      ))}
    </select>
  </div>
);

interface NewProps {
  actions: Actions;
  teams: Team[];
  /** Whom it is for; then it is for later, too. */
  known?: KnownPatient | undefined;
}

export const NewDialog = ({ actions, teams, known }: NewProps) => (
  <Form
    asker={actions}
    title={known ? t("Next appointment") : t("New consultation")}
    go={t("Make the link")}
    run={(values) => void actions.create(planOf(values))}
  >
    <PatientName known={known} />
    <Reach />
    <div class="field-row">
      {teams.length > 0 && <ForWhom teams={teams} />}
      <When later={known !== undefined} />
      <Length />
    </div>
  </Form>
);
