/** The middle of the desk when the call is behind us: ended, left, taken over elsewhere, or broken off. */
import type { ComponentChildren } from "preact";
import { t } from "../lib/i18n.ts";
import { Icon, type IconName } from "../lib/icon.tsx";
import { durationWords } from "../today/row.ts";
import type { Parts } from "./parts.ts";
import { Ring } from "./ring.tsx";
import { Unfinished } from "./unfinished.tsx";

interface PanelProps {
  icon: IconName;
  title: string;
  children: ComponentChildren;
}

const Panel = ({ icon, title, children }: PanelProps) => (
  <div class="lobby">
    <div class="done">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  </div>
);

const BackToToday = ({ boot, primary = false }: Pick<Parts, "boot"> & { primary?: boolean }) => (
  <a class={primary ? "button primary" : "button"} href={boot.today}>
    {t("Back to Today")}
  </a>
);

const Ended = (parts: Parts) => {
  const { desk, model, boot } = parts;
  const { outcome, state } = model.state.value.roster.consultation;
  const lasted = desk.lasted.value;
  return (
    <Panel icon="circle-check" title={t("The consultation has ended")}>
      <dl class="summary">
        {lasted !== null && (
          <>
            <dt>{t("It lasted")}</dt>
            <dd>{durationWords(lasted)}</dd>
          </>
        )}
        <dt>{t("Outcome")}</dt>
        <dd>{outcomeWords(outcome, state)}</dd>
      </dl>
      <p>{t("The note stays open, so that you can complete it.")}</p>
      {outcome === "completed" && (
        <p class="soft">{t("If the patient comes back within ten minutes, they wait for you here.")}</p>
      )}
      {state === "ended" && <Unfinished {...parts} />}
      <div class="desk-doings">
        {outcome === "unsuitable" && <Ring {...parts} />}
        <BackToToday boot={boot} primary />
        <a class="button" href={`/consultations/${model.state.value.roster.consultation.id}/next`}>
          {t("Book the next appointment")}
        </a>
        {state === "ended" && (
          <a class="button" href={`/calls/${model.state.value.roster.consultation.id}`}>
            {t("How the call went")}
          </a>
        )}
      </div>
    </Panel>
  );
};

const outcomeWords = (outcome: string | null, state: string): string => {
  if (state === "cancelled") return t("The appointment was cancelled");
  if (state === "abandoned") return t("The patient did not come");
  if (outcome === null) return t("Nobody ended it; it was closed afterwards");
  return outcome === "unsuitable" ? t("Not suitable for video") : t("Completed");
};

const Left = (parts: Parts) => (
  <Panel icon="log-out" title={t("You left the call")}>
    <p>{t("It has not been ended: whoever is in it stays there.")}</p>
    <div class="desk-doings">
      <button type="button" class="button primary" onClick={() => void parts.desk.rejoin()}>
        {t("Back to the call")}
      </button>
      <BackToToday boot={parts.boot} />
    </div>
  </Panel>
);

const Replaced = (parts: Parts) => (
  <Panel icon="info" title={t("You opened this in another window")}>
    <p>{t("The call goes on there.")}</p>
    <div class="desk-doings">
      <button type="button" class="button primary" onClick={() => void parts.desk.again()}>
        {t("Use here")}
      </button>
      <BackToToday boot={parts.boot} />
    </div>
  </Panel>
);

const SIGNED_OUT = 4401;

const Failed = ({ model, boot }: Parts) => {
  const { ending } = model.state.value;
  const signIn = ending?.code === SIGNED_OUT;
  return (
    <Panel icon="circle-alert" title={signIn ? t("You have been signed out") : t("This cannot go on here")}>
      <p>{ending?.message}</p>
      <div class="desk-doings">
        {signIn && (
          <a class="button primary" href={`/sign-in?next=${encodeURIComponent(location.pathname)}`}>
            {t("Sign in again")}
          </a>
        )}
        <BackToToday boot={boot} primary={!signIn} />
      </div>
    </Panel>
  );
};

const PANELS = { ended: Ended, left: Left, replaced: Replaced, failed: Failed } as const;

export type Behind = keyof typeof PANELS;

export const isBehind = (scene: string): scene is Behind => scene in PANELS;

export const Done = (parts: Parts & { scene: Behind }) => {
  const Shown = PANELS[parts.scene];
  return <Shown {...parts} />;
};
