/** The tabs of a phone: Call, Note, List, each with a count of what is new behind it. */
import type { Signal } from "@preact/signals";
import { t } from "../lib/i18n.ts";
import { Icon, type IconName } from "../lib/icon.tsx";
import type { Parts } from "./parts.ts";
import { waitingGuests } from "./scene.ts";
import { type DeskTab, TABS, tabByKey } from "./tabs.ts";

const ICONS: Readonly<Record<DeskTab, IconName>> = { call: "video", note: "notebook-pen", list: "list" };

const tabWords = (tab: DeskTab): string => {
  if (tab === "call") return t("Call");
  return tab === "note" ? t("Note") : t("List");
};

/** New messages and waiting guests behind the call; behind the list everybody who waits, except whom this desk is about. */
const countBehind = (tab: DeskTab, { boot, board, model }: Parts): number => {
  if (tab === "call") return model.unread.value + waitingGuests(model.state.value).length;
  return tab === "list" ? board.waiting.value.filter(({ id }) => id !== boot.consultation.id).length : 0;
};

const isRightToLeft = (): boolean => document.documentElement.dir === "rtl";

export const TabBar = ({ wide, ...parts }: Parts & { wide: Signal<boolean> }) => {
  const { tab } = parts;
  if (wide.value) return null;
  const move = (event: KeyboardEvent) => {
    const next = tabByKey(tab.value, event.key, isRightToLeft());
    if (next === null) return;
    event.preventDefault();
    tab.value = next;
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="desk-tabs" role="tablist" aria-label={t("Parts of the desk")} onKeyDown={move}>
      {TABS.map((name) => {
        const count = countBehind(name, parts);
        return (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={tab.value === name}
            aria-controls={`panel-${name}`}
            tabIndex={tab.value === name ? 0 : -1}
            onClick={() => {
              tab.value = name;
            }}
          >
            <Icon name={ICONS[name]} />
            {tabWords(name)}
            {count > 0 && tab.value !== name && <span class="count">{count}</span>}
          </button>
        );
      })}
    </div>
  );
};
