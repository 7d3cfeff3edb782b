/** What a professional does about the people of a consultation beside the patient: invites them, lets them in, keeps them waiting. It knows no DOM. */
import { type Signal, signal } from "@preact/signals";
import type { Call } from "../call/client.ts";
import type { Hosting } from "../call/people.tsx";
import { t } from "../lib/i18n.ts";
import type { Participant, Relation } from "../lib/wire.ts";
import type { Channel } from "../today/requests.ts";

export interface Invitation {
  name: string;
  relation: Relation;
  mobile: string | null;
  email: string | null;
}

export interface Invited {
  id: string;
  link: string;
  qr_svg: string;
  sent: Channel[];
}

/** A guest's link as it is, and where it was written to. */
export interface KnownLink {
  link: string;
  qr_svg: string;
  mobile: string | null;
  email: string | null;
}

export interface Colleague {
  id: string;
  name: string;
  /** Asked into this consultation already. */
  invited: boolean;
}

/** One function for each endpoint, of one consultation. */
export interface GuestRequests {
  invite: (invitation: Invitation) => Promise<Invited>;
  withdraw: (participant: string) => Promise<void>;
  link: (participant: string) => Promise<KnownLink>;
  /** Another address than the known one goes along. */
  send: (participant: string, channel: Channel, address: string | null) => Promise<void>;
  colleagues: () => Promise<Colleague[]>;
  askColleague: (colleague: Colleague) => Promise<void>;
}

export type DoorDialog = "hold" | "refuse" | "withdraw";

export type GuestDialog =
  | { kind: "invite" }
  | { kind: "invited"; name: string; made: Invited }
  | { kind: "link"; person: Participant; known: KnownLink }
  | { kind: DoorDialog; person: Participant };

export interface GuestOptions {
  requests: GuestRequests;
  command: Call["command"];
  say: (text: string) => void;
}

const sentence = (error: unknown): string =>
  (error instanceof Error && error.message) || t("The server did not answer. Please try again.");

export class Guests implements Hosting {
  readonly dialog: Signal<GuestDialog | null> = signal(null);
  readonly busy: Signal<boolean> = signal(false);
  readonly error: Signal<string | null> = signal(null);
  /** Who can be asked to join; empty until the server has said it, and where there is nobody. */
  readonly colleagues: Signal<readonly Colleague[]> = signal([]);
  readonly #options: GuestOptions;

  constructor(options: GuestOptions) {
    this.#options = options;
  }

  close(): void {
    this.dialog.value = null;
    this.error.value = null;
  }

  /** Without an answer about colleagues there is the link still. */
  invite(): void {
    this.#open({ kind: "invite" });
    void this.#options.requests.colleagues().then(
      (found) => {
        this.colleagues.value = found;
      },
      () => undefined,
    );
  }

  hold(person: Participant): void {
    this.#open({ kind: "hold", person });
  }

  refuse(person: Participant): void {
    this.#open({ kind: "refuse", person });
  }

  withdraw(person: Participant): void {
    this.#open({ kind: "withdraw", person });
  }

  link(person: Participant): void {
    void this.#ask(
      () => this.#options.requests.link(person.id),
      (known) => ({ kind: "link", person, known }),
    );
  }

  sendAgain({ id, name }: Participant, channel: Channel, address: string | null): Promise<void> {
    const done = t("The link for {name} is in Messages again.", { name });
    return this.#ask(() => this.#options.requests.send(id, channel, address), this.#tell(done));
  }

  admit({ id, role }: Participant): void {
    const body = role === "patient" ? {} : { participant: id };
    void this.#ask(
      () => this.#options.command("admit", body),
      () => null,
    );
  }

  sendInvitation(invitation: Invitation): Promise<void> {
    const { name } = invitation;
    return this.#ask(
      () => this.#options.requests.invite(invitation),
      (made) => ({ kind: "invited", name, made }),
    );
  }

  sendToColleague(colleague: Colleague): Promise<void> {
    const done = t("{name} has been asked to join.", { name: colleague.name });
    return this.#ask(() => this.#options.requests.askColleague(colleague), this.#tell(done));
  }

  holdFor({ id, name }: Participant, body: string | null): Promise<void> {
    const done = t("{name} has been told that it takes longer.", { name });
    return this.#ask(() => this.#options.command("hold", { body, participant: id }), this.#tell(done));
  }

  refuseFor({ id, name }: Participant, reason: string): Promise<void> {
    const done = t("{name} has been told. You can still admit them.", { name });
    return this.#ask(() => this.#options.command("refuse", { reason, participant: id }), this.#tell(done));
  }

  withdrawFor({ id, name }: Participant): Promise<void> {
    const done = t("The invitation of {name} has been withdrawn.", { name });
    return this.#ask(() => this.#options.requests.withdraw(id), this.#tell(done));
  }

  #open(dialog: GuestDialog): void {
    this.error.value = null;
    this.dialog.value = dialog;
  }

  /** After which no dialog is open. */
  #tell(done: string): () => null {
    return () => {
      this.#options.say(done);
      return null;
    };
  }

  /** One wish at a time; a form stays open with what was written in it when the server refuses. `next` gives the dialog that follows. */
  async #ask<T>(wish: () => Promise<T>, next: (answer: T) => GuestDialog | null): Promise<void> {
    if (this.busy.value) return;
    this.busy.value = true;
    this.error.value = null;
    try {
      this.dialog.value = next(await wish());
    } catch (error) {
      this.#fail(sentence(error));
    } finally {
      this.busy.value = false;
    }
  }

  #fail(words: string): void {
    if (this.dialog.value) this.error.value = words;
    else this.#options.say(words);
  }
}
