/** The dialogs about one guest: let wait, turn away, withdraw the invitation; and those of inviting. */
import { t } from "../lib/i18n.ts";
import type { Participant } from "../lib/wire.ts";
import { HoldForm, RefuseForm } from "../today/dialogs.tsx";
import { Form } from "../today/form.tsx";
import type { DoorDialog, Guests } from "./guests.ts";
import { InviteDialogs } from "./invite.tsx";

interface DoorProps {
  guests: Guests;
  person: Participant;
}

const Hold = ({ guests, person }: DoorProps) => (
  <HoldForm asker={guests} name={person.name} run={(body) => void guests.holdFor(person, body)} />
);

const Refuse = ({ guests, person }: DoorProps) => (
  <RefuseForm asker={guests} name={person.name} run={(reason) => void guests.refuseFor(person, reason)} />
);

const Withdraw = ({ guests, person }: DoorProps) => (
  <Form
    asker={guests}
    title={t("Withdraw the invitation of {name}", { name: person.name })}
    go={t("Withdraw")}
    danger
    run={() => void guests.withdrawFor(person)}
  >
    <p>{t("Their link stops working at once. You can invite them again at any time.")}</p>
  </Form>
);

const DOORS = { hold: Hold, refuse: Refuse, withdraw: Withdraw } as const satisfies Record<DoorDialog, unknown>;

export const GuestDialogs = ({ guests }: { guests: Guests }) => {
  const open = guests.dialog.value;
  if (open === null || open.kind === "invite" || open.kind === "invited" || open.kind === "link")
    return <InviteDialogs guests={guests} />;
  const Shown = DOORS[open.kind];
  return <Shown guests={guests} person={open.person} />;
};
