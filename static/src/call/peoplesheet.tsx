/** The sheet of a professional about the people: who is here, who waits, who was invited, and inviting somebody more. */
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { type Hosting, People } from "./people.tsx";
import { Sheet } from "./sheet.tsx";
import type { CallModel } from "./state.ts";

export const PeopleSheet = ({ model, hosting }: { model: CallModel; hosting: Hosting }) => (
  <Sheet model={model} name="people" title={t("People")}>
    <div class="more-body">
      <button type="button" class="button" onClick={() => hosting.invite()}>
        <Icon name="user-plus" />
        {t("Invite somebody")}
      </button>
      <People model={model} hosting={hosting} />
    </div>
  </Sheet>
);
