/** Plays the files of one recording together, in step, under one set of controls. */
import "./form.ts";
import { $, $$, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { clockOf, isOff, lengthOf, placeIn, playedOf, type Take, within } from "./timeline.ts";

const STEP_S = 5;
const TICK_MS = 250;

interface Voice extends Take {
  media: HTMLVideoElement;
}

class Player {
  readonly #people: readonly (readonly Voice[])[];
  readonly #length: number;
  readonly #play: HTMLButtonElement;
  readonly #seek: HTMLInputElement;
  readonly #clock: HTMLElement;
  #speed = 1;
  #at = 0;
  /** When by our clock `#at` was; null while it stands still. */
  #since: number | null = null;

  constructor(place: HTMLElement) {
    const began = Number(place.dataset.began);
    this.#people = $$("[data-person]", place).map((person) =>
      $$<HTMLVideoElement>("video", person).map((media) => ({
        media,
        begins: Math.max(0, Number(media.dataset.begun) - began),
        ends: Number(media.dataset.ended) - began,
        recorder: Number(media.dataset.recorder),
      })),
    );
    this.#length = lengthOf(this.#voices);
    this.#play = $<HTMLButtonElement>("[data-play]", place);
    this.#seek = $<HTMLInputElement>("[data-seek]", place);
    this.#clock = $("[data-clock]", place);
    this.#seek.max = String(Math.ceil(this.#length));
    this.#wire(place);
    this.#show();
    $<HTMLFieldSetElement>(".player-bar", place).disabled = false;
    setInterval(() => this.#tick(), TICK_MS);
  }

  get #now(): number {
    if (this.#since === null) return this.#at;
    return within(this.#at + ((performance.now() - this.#since) / 1000) * this.#speed, this.#length);
  }

  get #voices(): readonly Voice[] {
    return this.#people.flat();
  }

  /** What is heard and seen now. */
  get #played(): ReadonlySet<Voice> {
    return new Set(this.#people.flatMap((voices) => playedOf(voices, this.#now)));
  }

  get #runs(): boolean {
    return this.#since !== null;
  }

  #wire(place: HTMLElement): void {
    on(this.#play, "click", () => this.#toggle());
    on(this.#seek, "input", () => this.#move(Number(this.#seek.value)));
    const speed = $<HTMLSelectElement>("[data-speed]", place);
    on(speed, "change", () => this.#hasten(Number(speed.value)));
    for (const person of $$("[data-person]", place)) {
      const box = $<HTMLInputElement>("[data-mute]", person);
      on(box, "change", () => {
        for (const media of $$<HTMLVideoElement>("video", person)) media.muted = box.checked;
      });
    }
    // What was chosen before this script came, or put back by the browser, counts as well.
    on(window, "pageshow", () => {
      for (const choice of $$("[data-speed], [data-mute]", place)) choice.dispatchEvent(new Event("change"));
    });
    on<KeyboardEvent>(place, "keydown", (event) => this.#key(event));
  }

  #toggle(): void {
    if (this.#runs) this.#stop();
    else {
      if (this.#at >= this.#length) this.#at = 0;
      this.#since = performance.now();
    }
    this.#show();
    this.#align();
  }

  #stop(): void {
    this.#at = this.#now;
    this.#since = null;
  }

  #move(to: number): void {
    this.#at = within(to, this.#length);
    if (this.#runs) this.#since = performance.now();
    this.#show();
    this.#align();
  }

  #hasten(speed: number): void {
    this.#move(this.#now);
    this.#speed = speed;
    for (const { media } of this.#voices) media.playbackRate = speed;
  }

  /** Space and arrows, but where a control uses them itself. */
  #key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const own = target.matches("button, select, input, summary, textarea");
    if (own && target !== this.#seek) return;
    const ahead = getComputedStyle(this.#seek).direction === "rtl" ? "ArrowLeft" : "ArrowRight"; // as the slider is drawn
    if (event.key === " ") this.#toggle();
    else if (event.key === ahead) this.#move(this.#now + STEP_S);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") this.#move(this.#now - STEP_S);
    else return;
    event.preventDefault();
  }

  #tick(): void {
    if (!this.#runs) return;
    // Somebody's file is on its way: everybody waits for it, so that they stay in step.
    if ([...this.#played].some(({ media }) => !media.error && media.seeking)) {
      this.#at = this.#now - (TICK_MS / 1000) * this.#speed;
      this.#since = performance.now();
    }
    if (this.#now >= this.#length) this.#stop();
    this.#show();
    this.#align();
  }

  #align(): void {
    const [now, played] = [this.#now, this.#played];
    for (const voice of this.#voices) this.#put(voice.media, played.has(voice) ? placeIn(voice, now) : null);
  }

  /** Brings a file to its place; null hides it. */
  #put(media: HTMLVideoElement, place: number | null): void {
    media.hidden = place === null;
    if (place === null || !this.#runs) media.pause();
    if (place === null) return;
    if (!media.seeking && isOff(place, media.currentTime)) media.currentTime = place;
    if (this.#runs && media.paused) void media.play().catch(() => undefined);
  }

  #show(): void {
    const now = this.#now;
    this.#play.textContent = this.#runs ? t("Pause") : t("Play");
    this.#seek.value = String(Math.floor(now));
    this.#seek.setAttribute("aria-valuetext", t("{now} of {all}", { now: clockOf(now), all: clockOf(this.#length) }));
    this.#clock.textContent = `${clockOf(now)} / ${clockOf(this.#length)}`;
  }
}

for (const place of $$("[data-player]")) new Player(place);
