/** Calls somebody who waits and may look elsewhere: chime, vibration, flashing title. */
import { Chime } from "../lib/chime.ts";

const FLASH_MS = 900;
const REPEATS = 3;
const REPEAT_MS = 1_600;

export class Summons {
  readonly chime = new Chime();
  #title = "";
  #timer: ReturnType<typeof setInterval> | null = null;

  /** From a click: plays the chime once as a proof, and so that the browser allows it later. */
  allow(): void {
    this.chime.turnOn();
  }

  call(words: string): void {
    for (let time = 0; time < REPEATS; time += 1) setTimeout(() => this.chime.play(), time * REPEAT_MS);
    // Who has not touched the page yet cannot be called so; Chromium reports the try as an error.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([300, 150, 300, 150, 300]);
    if (document.hidden) this.#flash(words);
  }

  /** Somebody looks: the title rests. */
  seen(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    document.title = this.#title;
  }

  #flash(words: string): void {
    this.seen();
    this.#title = document.title;
    this.#timer = setInterval(() => {
      document.title = document.title === words ? this.#title : words;
    }, FLASH_MS);
  }
}
