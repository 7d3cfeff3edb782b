/** The dialogs of the Today list: a new consultation, its link, and one short form for each thing that is done to a row. */
import type { JSX } from "preact";
import { t } from "../lib/i18n.ts";
import type { Actions, Dialog as Open, RowDialog } from "./actions.ts";
import { type Asker, Form, text, Words } from "./form.tsx";
import { LinkDialog } from "./link.tsx";
import { NewDialog, type Team } from "./new.tsx";
import type { Channel } from "./requests.ts";
import type { TodayRow } from "./row.ts";

interface RowProps {
  actions: Actions;
  row: TodayRow;
}

const MessageDialog = ({ actions, row }: RowProps) => (
  <Form
    asker={actions}
    title={t("Message to {name}", { name: row.patient_name })}
    go={t("Send message")}
    run={(values) => void actions.message(row, text(values, "words"))}
  >
    <Words
      label={t("Message")}
      hint={t("{name} reads it in the waiting room and can answer.", { name: row.patient_name })}
    />
  </Form>
);

interface DoorFormProps<T> {
  asker: Asker;
  name: string;
  run: (words: T) => void;
}

export const HoldForm = ({ asker, name, run }: DoorFormProps<string | null>) => (
  <Form
    asker={asker}
    title={t("Let {name} wait longer", { name })}
    go={t("Tell them")}
    run={(values) => run(text(values, "words") || null)}
  >
    <p>{t("The waiting room says that you know they are here and that it takes longer.")}</p>
    <Words label={t("A message as well (optional)")} optional />
  </Form>
);

export const RefuseForm = ({ asker, name, run }: DoorFormProps<string>) => (
  <Form
    asker={asker}
    title={t("You cannot see {name} now", { name })}
    go={t("Tell them and close the waiting room")}
    danger
    run={(values) => run(text(values, "words"))}
  >
    <Words
      label={t("What should happen instead?")}
      hint={t("{name} reads this. For example: I will ring you at three.", { name })}
    />
  </Form>
);

const HoldDialog = ({ actions, row }: RowProps) => (
  <HoldForm asker={actions} name={row.patient_name} run={(body) => void actions.hold(row, body)} />
);

const RefuseDialog = ({ actions, row }: RowProps) => (
  <RefuseForm asker={actions} name={row.patient_name} run={(reason) => void actions.refuse(row, reason)} />
);

interface ChannelProps {
  channel: Channel;
  label: string;
  to: string;
  chosen: boolean;
}

const ChannelChoice = ({ channel, label, to, chosen }: ChannelProps) => (
  <label class="choice">
    <input type="radio" name="channel" value={channel} defaultChecked={chosen} />
    <span>
      {label} <bdi class="soft">{to}</bdi>
    </span>
  </label>
);

const SendDialog = ({ actions, row }: RowProps) => (
  <Form
    asker={actions}
    title={t("Send the link to {name} again", { name: row.patient_name })}
    go={t("Send")}
    run={(values) => void actions.send(row, text(values, "channel") === "email" ? "email" : "sms")}
  >
    <fieldset class="field">
      <legend>{t("How?")}</legend>
      {row.sms_to !== null && <ChannelChoice channel="sms" label={t("Text message")} to={row.sms_to} chosen />}
      {row.email_to !== null && (
        <ChannelChoice channel="email" label={t("E-mail")} to={row.email_to} chosen={row.sms_to === null} />
      )}
    </fieldset>
  </Form>
);

const ReissueDialog = ({ actions, row }: RowProps) => (
  <Form
    asker={actions}
    title={t("Make a new link for {name}", { name: row.patient_name })}
    go={t("Make a new link")}
    run={() => void actions.reissue(row)}
  >
    <p>{t("The old link stops working at once, also on a device that is using it. The patient needs the new one.")}</p>
  </Form>
);

const RevokeDialog = ({ actions, row }: RowProps) => (
  <Form
    asker={actions}
    title={t("Revoke the link of {name}", { name: row.patient_name })}
    go={t("Revoke the link")}
    danger
    run={() => void actions.revoke(row)}
  >
    <p>
      {t("Nobody can join with it any more. Whoever came in by it is put out. You can make a new link at any time.")}
    </p>
  </Form>
);

const ROW_DIALOGS: Record<RowDialog, (props: RowProps) => JSX.Element> = {
  message: MessageDialog,
  hold: HoldDialog,
  refuse: RefuseDialog,
  send: SendDialog,
  reissue: ReissueDialog,
  revoke: RevokeDialog,
};

const Chosen = ({ open, actions, teams }: { open: Open; actions: Actions; teams: Team[] }) => {
  if (open.kind === "new") return <NewDialog actions={actions} teams={teams} known={open.known} />;
  if (open.kind === "link") return <LinkDialog actions={actions} made={open} />;
  const RowForm = ROW_DIALOGS[open.kind];
  return <RowForm actions={actions} row={open.row} />;
};

/** Whatever dialog is open. */
export const Dialogs = ({ actions, teams }: { actions: Actions; teams: Team[] }) => {
  const open = actions.dialog.value;
  return open && <Chosen key={open.kind} open={open} actions={actions} teams={teams} />;
};
