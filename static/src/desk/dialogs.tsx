/** The two dialogs of the desk: parting, where ending for all and leaving are told apart, and 'Not suitable for video'. */
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { telUrl } from "../lib/urls.ts";
import { Dialog } from "../today/dialog.tsx";
import { Form, Refusal, text, Words } from "../today/form.tsx";
import { endsWords, staysWords } from "./leaving.ts";
import { type Parts, rowOf } from "./parts.ts";
import type { Scene } from "./scene.ts";

const AWAY: ReadonlySet<Scene> = new Set(["early", "gone"]);

/** Nobody has talked, and the patient is not here. */
const neverCame = ({ desk, model }: Parts): boolean =>
  AWAY.has(desk.scene.value) && model.state.value.roster.consultation.started_at === null;

const Part = (parts: Parts) => {
  const { desk, model } = parts;
  const seated = desk.scene.value === "call";
  const absent = neverCame(parts);
  return (
    <Dialog title={seated ? t("End or leave?") : t("End the consultation?")} onClose={() => desk.close()}>
      <div class="dialog-form">
        <Refusal asker={desk} />
        {absent && (
          <button type="button" class="part" onClick={() => void desk.end("absent", null)}>
            <b>{t("The patient did not come")}</b>
            <span>{t("The consultation did not take place; the list says so.")}</span>
          </button>
        )}
        <button type="button" class="part" onClick={() => void desk.end("completed", null)}>
          <b>{t("End for all")}</b>
          <span>{endsWords(model.state.value, rowOf(parts).patient_name)}</span>
        </button>
        {seated && (
          <button type="button" class="part" onClick={() => void desk.leave()}>
            <b>{t("Leave")}</b>
            <span>{staysWords(model.state.value)}</span>
          </button>
        )}
        <div class="dialog-foot">
          <button type="button" class="button quiet" onClick={() => desk.close()}>
            {t("Cancel")}
          </button>
        </div>
      </div>
    </Dialog>
  );
};

const Unsuitable = (parts: Parts) => {
  const { desk } = parts;
  const { patient_name: name, phone } = rowOf(parts);
  return (
    <Form
      asker={desk}
      title={t("Not suitable for video")}
      go={t("End as not suitable")}
      danger
      run={(values) => void desk.end("unsuitable", text(values, "words") || null)}
    >
      {phone === null ? (
        <p class="callout warn">{t("No phone number of {name} is on record.", { name })}</p>
      ) : (
        <p class="callout">
          <span>{t("You can go on by phone:")}</span>
          <a class="desk-ring" href={telUrl(phone)}>
            <Icon name="phone" /> {phone}
          </a>
        </p>
      )}
      <Words label={t("Why?")} hint={t("For the record; {name} does not see it.", { name })} />
      <p>{t("This ends the consultation for all.")}</p>
    </Form>
  );
};

export const DeskDialogs = (parts: Parts) => {
  const open = parts.desk.dialog.value;
  if (open === "part") return <Part {...parts} />;
  return open === "unsuitable" ? <Unsuitable {...parts} /> : null;
};
