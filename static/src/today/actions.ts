/** What a professional does with a row: which dialog is open, whether the server is being asked, and what is said afterwards. */
import { type Signal, signal } from "@preact/signals";
import { ApiError } from "../lib/api.ts";
import { plural, t } from "../lib/i18n.ts";
import { realTimers, type Timers } from "../lib/timers.ts";
import type { KnownPatient } from "./known.ts";
import type { Channel, NewLink, Plan, Requests, SaidLate } from "./requests.ts";
import type { TodayRow } from "./row.ts";

export type RowDialog = "message" | "hold" | "refuse" | "send" | "reissue" | "revoke";

export type Dialog =
  | { kind: "new"; known?: KnownPatient }
  | { kind: "link"; id: string; name: string; link: string; qr: string; sent: Channel[]; deskUrl: string }
  | { kind: RowDialog; row: TodayRow };

export interface Notice {
  text: string;
  /** A way back, if there is one. */
  undo: { label: string; run: () => void } | null;
}

const sentence = (error: unknown): string =>
  error instanceof ApiError ? error.message : t("Something went wrong. Please try again.");

const soonWords = (patients: number, minutes: number): string =>
  plural(
    patients,
    "{count} patient will be told in a few seconds that you are about {minutes} minutes late.",
    "{count} patients will be told in a few seconds that you are about {minutes} minutes late.",
    { minutes },
  );

const toldWords = (patients: number, minutes: number): string =>
  plural(
    patients,
    "{count} patient has been told that you are about {minutes} minutes late.",
    "{count} patients have been told that you are about {minutes} minutes late.",
    { minutes },
  );

export class Actions {
  readonly dialog: Signal<Dialog | null> = signal(null);
  readonly busy: Signal<boolean> = signal(false);
  readonly error: Signal<string | null> = signal(null);
  readonly notice: Signal<Notice | null> = signal(null);
  readonly #requests: Requests;

  readonly #timers: Timers;

  constructor(requests: Requests, timers: Timers = realTimers) {
    this.#requests = requests;
    this.#timers = timers;
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

  /** The patients hear of it some seconds later: until then it can be undone, and then it is said that it went. */
  late(minutes: number): Promise<void> {
    return this.#ask(async () => {
      const said = await this.#requests.late(minutes);
      const undo = { label: t("Undo"), run: () => void this.#takeBack(said) };
      this.say(soonWords(said.patients, minutes), undo);
      const mine = this.notice.value;
      this.#timers.after(said.told_in_s * 1000, () => {
        if (this.notice.value === mine) this.say(toldWords(said.patients, minutes));
      });
    });
  }

  #takeBack(said: SaidLate): Promise<void> {
    return this.#ask(async () => {
      await this.#requests.takeBackLate(said.id);
      this.say(t("Nobody was told."));
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
