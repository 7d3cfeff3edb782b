/** The way on when there is no picture: ringing the patient, if a number is on record. */
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { telUrl } from "../lib/urls.ts";
import { type Parts, rowOf } from "./parts.ts";

export const Ring = (parts: Parts) => {
  const { phone } = rowOf(parts);
  return phone === null ? null : (
    <a class="button" href={telUrl(phone)}>
      <Icon name="phone" />
      {t("Ring {phone}", { phone })}
    </a>
  );
};
