/** The list beside the call: who else waits; it hides itself while the screen is shared. */
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { LineState } from "../today/linestate.tsx";
import { TodayList, WaitingCount } from "../today/list.tsx";
import { NextInLine } from "../today/next.tsx";
import type { Parts } from "./parts.ts";

export const ListColumn = ({ boot, board, feed, actions, desk }: Parts) => {
  if (desk.listHidden.value) {
    return (
      <p class="desk-hidden">
        <Icon name="lock" />
        {t("The list is hidden while you share your screen.")}
      </p>
    );
  }
  return (
    <>
      <WaitingCount board={board} />
      <NextInLine board={board} actions={actions} current={boot.consultation.id} apart={desk.scene.value === "call"} />
      <LineState feed={feed} />
      <TodayList
        board={board}
        actions={actions}
        compact
        current={boot.consultation.id}
        apart={desk.scene.value === "call"}
      />
    </>
  );
};
