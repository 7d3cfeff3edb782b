/** Says what has just been done, with the way back if there is one; goes away by itself unless it offers one. */
import { useEffect } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { Actions } from "./actions.ts";

const SHOWN_MS = 8000;

export const Toast = ({ actions }: { actions: Actions }) => {
  const notice = actions.notice.value;
  const dismiss = () => {
    actions.notice.value = null;
  };
  useEffect(() => {
    if (notice === null || notice.undo !== null) return;
    const timer = setTimeout(dismiss, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div class="toasts" role="status">
      {notice && (
        <div class="toast">
          <p>{notice.text}</p>
          {notice.undo && (
            <button type="button" class="button quiet" onClick={notice.undo.run}>
              {notice.undo.label}
            </button>
          )}
          <button type="button" class="button quiet icon-only" aria-label={t("Close")} onClick={dismiss}>
            <Icon name="x" />
          </button>
        </div>
      )}
    </div>
  );
};
