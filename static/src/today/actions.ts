/** What a professional does with a row: which dialog is open, whether the server is being asked, and what is said afterwards. */
import { type Signal, signal } from "@preact/signals";
import { ApiError } from "../lib/api.ts";
import { t } from "../lib/i18n.ts";
import type { Channel, NewLink, Plan, Requests } from "./requests.ts";
import type { TodayRow } from "./row.ts";

export type RowDialog = "message" | "hold" | "refuse" | "send" | "reissue" | "revoke";

export type Dialog =
  | { kind: "new" }
  | { kind: "link"; id: string; name: string; link: string; qr: string; sent: Channel[]; deskUrl: string }
  | { kind: RowDialog; row: TodayRow };

export interface Notice {
  text: string;
  /** A way back, if there is one. */
  undo: { label: string; run: () => void } | null;
}

const sentence = (error: unknown): string =>
  error instanceof ApiError ? error.message : t("Something went wrong. Please try again.");

export class Actions {
  readonly dialog: Signal<Dialog | null> = signal(null);
  readonly busy: Signal<boolean> = signal(false);
  readonly error: Signal<string | null> = signal(null);
  readonly notice: Signal<Notice | null> = signal(null);
  readonly #requests: Requests;

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  open(dialog: Dialog): void {
    this.error.value = null;
    this.dialog.value = dialog;
  }

  close(): void {
    this.dialog.value = null;
    this.error.value = null;
  }

  say(text: string, undo: Notice["undo"] = null): void {
    this.notice.value = { text, undo };
  }

  create(plan: Plan): Promise<void> {
    return this.#ask(async () => {
      const made = await this.#requests.create(plan);
      const { id, link, qr_svg: qr, sent, desk_url: deskUrl } = made;
      this.open({ kind: "link", id, name: plan.patient_name, link, qr, sent, deskUrl });
    });
  }

  message(row: TodayRow, body: string): Promise<void> {
    return this.#askAndClose(() => this.#requests.message(row.id, body), t("Message sent."));
  }

  hold(row: TodayRow, body: string | null): Promise<void> {
    const done = t("{name} has been told that it takes longer.", { name: row.patient_name });
    return this.#askAndClose(() => this.#requests.hold(row.id, body), done);
  }

  refuse(row: TodayRow, reason: string): Promise<void> {
    const done = t("{name} has been told. You can still admit them.", { name: row.patient_name });
    return this.#askAndClose(() => this.#requests.refuse(row.id, reason), done);
  }

  send(row: TodayRow, channel: Channel): Promise<void> {
    return this.#askAndClose(() => this.#requests.send(row.id, channel), t("The link is in Messages again."));
  }

  reissue(row: TodayRow): Promise<void> {
    return this.#ask(async () => this.#show(row, await this.#requests.reissue(row.id)));
  }

  revoke(row: TodayRow): Promise<void> {
    return this.#ask(async () => {
      await this.#requests.revoke(row.id);
      this.close();
      const undo = { label: t("Make a new link"), run: () => void this.reissue(row) };
      this.say(t("The link of {name} no longer works.", { name: row.patient_name }), undo);
    });
  }

  #show(row: TodayRow, { link, qr_svg: qr }: NewLink): void {
    this.notice.value = null;
    this.open({ kind: "link", id: row.id, name: row.patient_name, link, qr, sent: [], deskUrl: row.desk_url });
  }

  #askAndClose(ask: () => Promise<void>, done: string): Promise<void> {
    return this.#ask(async () => {
      await ask();
      this.close();
      this.say(done);
    });
  }

  /** One request at a time: a second click while the first is on its way is not a second order. */
  async #ask(ask: () => Promise<void>): Promise<void> {
    if (this.busy.value) return;
    this.busy.value = true;
    this.error.value = null;
    try {
      await ask();
    } catch (error) {
      this.#fail(sentence(error));
    } finally {
      this.busy.value = false;
    }
  }

  #fail(text: string): void {
    if (this.dialog.value) this.error.value = text;
    else this.say(text);
  }
}
