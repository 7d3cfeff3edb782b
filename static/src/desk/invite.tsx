/** 'Invite somebody': a guest by a personal link, or a colleague of the practice; ends in the link, as a new consultation does. */
import { useState } from "preact/hooks";
import { relationWords } from "../call/words.ts";
import { t } from "../lib/i18n.ts";
import type { Participant, Relation } from "../lib/wire.ts";
import { Dialog } from "../today/dialog.tsx";
import { Form, text } from "../today/form.tsx";
import { LinkToShare } from "../today/link.tsx";
import { AddressField, Reach } from "../today/new.tsx";
import type { Channel } from "../today/requests.ts";
import type { Colleague, Guests, Invitation, Invited, KnownLink } from "./guests.ts";

const RELATIONS: readonly Relation[] = ["family", "carer", "interpreter", "supervisor", "colleague"];
const LONGEST_NAME = 200;

const orNull = (value: string): string | null => value || null;

export const invitationOf = (values: FormData): Invitation => ({
  name: text(values, "guest_name"),
  relation: text(values, "relation") as Relation,
  mobile: orNull(text(values, "mobile")),
  email: orNull(text(values, "email")),
});

const Who = () => (
  <>
    <div class="field">
      <label for="guest-name">{t("Name")}</label>
      <p class="hint" id="guest-name-hint">
        {t("Everybody in the call sees this name.")}
      </p>
      <input
        id="guest-name"
        name="guest_name"
        required
        maxLength={LONGEST_NAME}
        autocomplete="off"
        dir="auto"
        aria-describedby="guest-name-hint"
      />
    </div>
    <div class="field">
      <label for="relation">{t("Who they are")}</label>
      <select id="relation" name="relation" required>
        <option value="">{t("Please choose")}</option>
        {RELATIONS.map((relation) => (
          <option key={relation} value={relation}>
            {relationWords(relation)}
          </option>
        ))}
      </select>
    </div>
  </>
);

type Way = "link" | "colleague";

const Ways = ({ way, choose }: { way: Way; choose: (way: Way) => void }) => (
  <fieldset class="field">
    <legend>{t("How do they join?")}</legend>
    <label class="choice">
      <input type="radio" name="way" value="link" checked={way === "link"} onChange={() => choose("link")} />
      {t("By a personal link")}
    </label>
    <label class="choice">
      <input
        type="radio"
        name="way"
        value="colleague"
        checked={way === "colleague"}
        onChange={() => choose("colleague")}
      />
      {t("From their own desk: a colleague who may open this consultation")}
    </label>
  </fieldset>
);

const Colleagues = ({ colleagues }: { colleagues: readonly Colleague[] }) => (
  <div class="field">
    <label for="colleague">{t("Colleague")}</label>
    <select id="colleague" name="colleague" required>
      <option value="">{t("Please choose")}</option>
      {colleagues.map(({ id, name, invited }) => (
        <option key={id} value={id}>
          {invited ? t("{name} (asked already)", { name }) : name}
        </option>
      ))}
    </select>
  </div>
);

const Invite = ({ guests }: { guests: Guests }) => {
  const [way, setWay] = useState<Way>("link");
  const colleagues = guests.colleagues.value;
  const run = (values: FormData) => {
    if (way === "link") return void guests.sendInvitation(invitationOf(values));
    const chosen = colleagues.find(({ id }) => id === text(values, "colleague"));
    if (chosen) void guests.sendToColleague(chosen);
  };
  return (
    <Form
      asker={guests}
      title={t("Invite somebody")}
      go={way === "link" ? t("Make the link") : t("Ask them to join")}
      run={run}
    >
      {colleagues.length > 0 && <Ways way={way} choose={setWay} />}
      {way === "colleague" ? (
        <Colleagues colleagues={colleagues} />
      ) : (
        <>
          <Who />
          <Reach />
        </>
      )}
    </Form>
  );
};

const Made = ({ guests, name, made }: { guests: Guests; name: string; made: Invited }) => (
  <Dialog title={t("The link for {name}", { name })} onClose={() => guests.close()}>
    <div class="dialog-form made">
      <LinkToShare
        link={made.link}
        qr={made.qr_svg}
        sent={made.sent}
        label={t("Personal link of {name}", { name })}
        scan={t("Or let them scan this.")}
      />
      <p class="hint">
        {t("{name} comes to a waiting room, and joins when one of you admits them. Nobody else should use this link.", {
          name,
        })}
      </p>
      <div class="dialog-foot">
        <button type="button" class="button primary" onClick={() => guests.close()}>
          {t("Done")}
        </button>
      </div>
    </div>
  </Dialog>
);

interface LinkProps {
  guests: Guests;
  person: Participant;
  known: KnownLink;
}

const CHANNELS: readonly Channel[] = ["sms", "email"];

const channelWords = (channel: Channel): string => (channel === "sms" ? t("Text message") : t("E-mail"));

/** Ready for where it went the last time, and for another address. */
const SendAgain = ({ known, person }: Omit<LinkProps, "guests">) => {
  const [channel, setChannel] = useState<Channel>(known.mobile === null && known.email !== null ? "email" : "sms");
  return (
    <>
      <fieldset class="field">
        <legend>{t("Send the link to {name} again", { name: person.name })}</legend>
        {CHANNELS.map((each) => (
          <label class="choice" key={each}>
            <input
              type="radio"
              name="channel"
              value={each}
              checked={each === channel}
              onChange={() => setChannel(each)}
            />
            {channelWords(each)}
          </label>
        ))}
      </fieldset>
      <AddressField key={channel} channel={channel} known={channel === "sms" ? known.mobile : known.email} required />
    </>
  );
};

const Link = ({ guests, person, known }: LinkProps) => {
  const run = (values: FormData) => {
    const channel = text(values, "channel") as Channel;
    const address = text(values, channel === "sms" ? "mobile" : "email");
    const isKnown = address === (channel === "sms" ? known.mobile : known.email);
    void guests.sendAgain(person, channel, isKnown ? null : address);
  };
  return (
    <Form asker={guests} title={t("The link for {name}", { name: person.name })} go={t("Send")} run={run}>
      <LinkToShare
        link={known.link}
        qr={known.qr_svg}
        sent={[]}
        label={t("Personal link of {name}", { name: person.name })}
        scan={t("Or let them scan this.")}
      />
      <SendAgain known={known} person={person} />
    </Form>
  );
};

export const InviteDialogs = ({ guests }: { guests: Guests }) => {
  const open = guests.dialog.value;
  if (open?.kind === "invite") return <Invite guests={guests} />;
  if (open?.kind === "link") return <Link guests={guests} person={open.person} known={open.known} />;
  return open?.kind === "invited" ? <Made guests={guests} name={open.name} made={open.made} /> : null;
};
