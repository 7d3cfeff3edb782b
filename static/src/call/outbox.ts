/** Chat messages on their way: sent once, also when the connection drops between sending and the answer. */
import type { CommandError } from "../lib/socket.ts";
import type { Message } from "../lib/wire.ts";
import { lastMessageId } from "./roster.ts";

export interface Outgoing {
  key: number;
  body: string;
  /** The server's sentence when it refused; null while it is on its way. */
  failed: string | null;
}

interface Letter extends Outgoing {
  /** The newest message when it was written: ours can only be a later one. */
  after: number;
  dropped: boolean;
}

export interface OutboxOptions {
  me: string;
  /** What has been said so far. */
  messages: () => readonly Message[];
  send: (body: string) => Promise<unknown>;
  onChange: (outgoing: readonly Outgoing[]) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  #letters: Letter[] = [];
  #lastKey = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  say(body: string): void {
    this.#lastKey += 1;
    const letter = {
      key: this.#lastKey,
      body,
      failed: null,
      after: lastMessageId(this.#options.messages()),
      dropped: false,
    };
    this.#letters.push(letter);
    void this.#post(letter);
  }

  retry(key: number): void {
    const letter = this.#letters.find((each) => each.key === key);
    if (letter && letter.failed !== null) void this.#post(letter);
  }

  /** Connected again: what was dropped has either arrived, then it is in the list, or it is sent once more. */
  resume(): void {
    const { me, messages } = this.#options;
    const said = messages();
    for (const letter of this.#letters.filter(({ dropped }) => dropped)) {
      if (said.some(({ id, from, body }) => id > letter.after && from === me && body === letter.body))
        this.#done(letter);
      else void this.#post(letter);
    }
  }

  async #post(letter: Letter): Promise<void> {
    Object.assign(letter, { dropped: false, failed: null });
    this.#changed();
    try {
      await this.#options.send(letter.body);
      this.#done(letter);
    } catch (error) {
      this.#refused(letter, error as CommandError);
    }
  }

  #refused(letter: Letter, { code, message }: CommandError): void {
    if (code === "dropped") letter.dropped = true;
    else letter.failed = message;
    this.#changed();
  }

  #done(letter: Letter): void {
    this.#letters = this.#letters.filter((each) => each !== letter);
    this.#changed();
  }

  #changed(): void {
    this.#options.onChange(this.#letters.map(({ key, body, failed }) => ({ key, body, failed })));
  }
}
