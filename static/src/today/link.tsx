/** The patient's link, to be copied, scanned from the screen, or found again in Messages. */
import { useRef, useState } from "preact/hooks";
import { copyText } from "../lib/copy.ts";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { Actions, Dialog as Open } from "./actions.ts";
import { Dialog } from "./dialog.tsx";

type Made = Extract<Open, { kind: "link" }>;

const NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"';

/** An SVG as the address of an image: shown without ever being parsed as part of this page. An image needs the namespace, inline SVG does not. */
export const imageOfSvg = (svg: string): string => {
  const whole = svg.includes("xmlns=") ? svg : svg.replace("<svg", `<svg ${NAMESPACE}`);
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(whole)}`;
};

const CopyLink = ({ link, label }: { link: string; label: string }) => {
  const field = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState("");
  const press = async () => {
    field.current?.select();
    setSaid((await copyText(link)) ? t("Copied.") : t("Press Ctrl+C to copy the selected link."));
  };
  return (
    <div class="field">
      <label for="link">{label}</label>
      <div class="copy">
        <input
          id="link"
          ref={field}
          readOnly
          value={link}
          dir="ltr"
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button primary" onClick={() => void press()}>
          <Icon name="copy" />
          {t("Copy")}
        </button>
      </div>
      <p class="hint" role="status">
        {said}
      </p>
    </div>
  );
};

const SentTo = ({ sent }: { sent: Made["sent"] }) => {
  if (sent.length === 0) return null;
  return (
    <p class="sent">
      <Icon name="circle-check" />
      <span>
        {sent.includes("sms") && <span>{t("Put into Messages as a text message.")} </span>}
        {sent.includes("email") && <span>{t("Put into Messages as an e-mail.")} </span>}
        <a href="/outbox">{t("Open Messages")}</a>
      </span>
    </p>
  );
};

interface LinkToShareProps {
  link: string;
  qr: string;
  sent: Made["sent"];
  /** Whose link it is, and whom to let scan it. */
  label: string;
  scan: string;
}

export const LinkToShare = ({ link, qr, sent, label, scan }: LinkToShareProps) => (
  <>
    <CopyLink link={link} label={label} />
    <figure class="qr">
      <img src={imageOfSvg(qr)} alt={t("QR code of the link")} width={176} height={176} />
      <figcaption>{scan}</figcaption>
    </figure>
    <SentTo sent={sent} />
  </>
);

export const LinkDialog = ({ actions, made }: { actions: Actions; made: Made }) => (
  <Dialog title={t("The link for {name}", { name: made.name })} onClose={() => actions.close()}>
    <div class="dialog-form made">
      <LinkToShare {...made} label={t("Personal link of the patient")} scan={t("Or let the patient scan this.")} />
      <p class="hint">{t("Whoever has this link can join as {name}. Give it to nobody else.", { name: made.name })}</p>
      <div class="dialog-foot">
        <a class="button quiet" href={made.deskUrl}>
          {t("Open the desk")}
        </a>
        <button type="button" class="button primary" onClick={() => actions.close()}>
          {t("Done")}
        </button>
      </div>
    </div>
  </Dialog>
);
