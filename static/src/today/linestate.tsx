/** Says when the list can no longer be trusted. */
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { Feed } from "./feed.ts";

const lineWords = (feed: Feed): string | null => {
  switch (feed.line.value) {
    case "lost":
      return t("This list is not live at the moment. Trying to reach the server…");
    case "refused":
      return t("This list is no longer live. Please load the page again.");
    default:
      return null;
  }
};

/** Silence means that the list is live. */
export const LineState = ({ feed }: { feed: Feed }) => {
  const words = lineWords(feed);
  return (
    <div role="status">
      {words && (
        <p class="callout warn row">
          <Icon name="wifi-off" />
          {words}
        </p>
      )}
      {feed.line.value === "signed_out" && (
        <p class="callout warn row">
          {t("You have been signed out.")}{" "}
          <a href={`/sign-in?next=${encodeURIComponent(location.pathname)}`}>{t("Sign in again")}</a>
        </p>
      )}
    </div>
  );
};
