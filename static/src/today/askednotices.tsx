/** Says who asks this person into a call, on whatever page they are. */
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { Asked } from "./asked.ts";

/** `apart`: this page holds a call, so another desk opens in a tab of its own. */
export const AskedNotices = ({ asked, apart = false }: { asked: Asked; apart?: boolean }) => (
  <div role="status" class="asked-place">
    {asked.asks.value.map((ask) => (
      <div key={ask.key} class="asked">
        <Icon name="user-plus" />
        <b>{t("{name} asks you to join a call.", { name: ask.name })}</b>
        <span class="row">
          <a class="button primary small" href={ask.deskUrl} {...(apart ? { target: "_blank" } : {})}>
            {t("Open the call")}
            {apart && <span class="unseen"> {t("(opens in a new tab)")}</span>}
          </a>
          <button type="button" class="button small" onClick={() => asked.putAside(ask)}>
            {t("Not now")}
          </button>
        </span>
      </div>
    ))}
  </div>
);
