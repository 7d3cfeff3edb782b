/** One wish to stand for a text: looks at it, and sends just that text's number back. It knows no DOM. */
import { type Signal, signal } from "@preact/signals";
import { ApiError, post } from "../lib/api.ts";
import type { Listed, Signature } from "./listed.ts";
import type { WrittenSection } from "./text.tsx";

/** The text that would be signed, and who has a part in it. */
export interface Review {
  seq: number;
  head: string;
  sha256: string;
  sections: WrittenSection[];
  contributors: { name: string; letters: number; you: boolean }[];
  signatures: Signature[];
  /** Others who have the note open and may write in it. */
  writing: string[];
}

export type Wish = "sign" | "lock" | "release";
export type Ask = <T>(path: string, body?: unknown) => Promise<T>;

export const askOf =
  (id: string): Ask =>
  (path, body) =>
    post(`/api/notes/${id}/${path}`, body);

/** What to show of a failure. */
export const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class Signing {
  readonly review: Signal<Review | null> = signal(null);
  readonly busy: Signal<boolean> = signal(false);
  readonly error: Signal<string | null> = signal(null);
  /** What is wrong with the password alone. */
  readonly refused: Signal<string | null> = signal(null);
  readonly wish: Wish;
  readonly #ask: Ask;

  constructor(wish: Wish, ask: Ask) {
    this.wish = wish;
    this.#ask = ask;
  }

  /** Fetches the text as it is now. */
  async look(): Promise<void> {
    try {
      this.review.value = await this.#ask<Review>("review");
    } catch (error) {
      this.review.value = null;
      this.error.value = sentence(error);
    }
  }

  /** The note as it is after the wish was fulfilled; null when it was refused, for a reason that is then shown. */
  async go(password: string): Promise<Listed | null> {
    const review = this.review.value;
    if (review === null || this.busy.value) return null;
    this.busy.value = true;
    this.error.value = null;
    this.refused.value = null;
    try {
      return await this.#send(review, password);
    } catch (error) {
      await this.#failed(error);
      return null;
    } finally {
      this.busy.value = false;
    }
  }

  #send({ seq, head }: Review, password: string): Promise<Listed> {
    if (this.wish === "release") return this.#ask("release", { seq, head });
    return this.#ask("sign", { seq, head, password, lock: this.wish === "lock" });
  }

  async #failed(error: unknown): Promise<void> {
    const code = error instanceof ApiError ? error.code : "error";
    if (code === "password") this.refused.value = sentence(error);
    else this.error.value = sentence(error);
    if (code === "moved") await this.look();
  }
}
