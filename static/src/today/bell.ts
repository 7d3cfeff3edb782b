/** How whoever waits or asks for this person is heard and seen outside the page: chime, browser notification, badge in the title. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Chime } from "../lib/chime.ts";
import { plural } from "../lib/i18n.ts";
import { prefer, preferred } from "../lib/prefs.ts";
import { Alarm, badgeTitle } from "./alarm.ts";

export type NotifyState = "unsupported" | "off" | "on" | "denied";

const notifyState = (wanted: boolean): NotifyState => {
  if (typeof Notification === "undefined") return "unsupported";
  if (!wanted) return "off";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" ? "on" : "off";
};

/** Where a system notification is shown other people may read along: a number, never a name. False where a page may show none. */
const showNotification = (text: string): boolean => {
  try {
    const shown = new Notification(text, { tag: "waiting" });
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
    return true;
  } catch {
    // Chrome for Android has the constructor and throws: there only a service worker may notify.
    return false;
  }
};

const patientWords = (count: number): string =>
  plural(count, "{count} patient is waiting", "{count} patients are waiting");

const callerWords = (count: number): string =>
  plural(count, "{count} person asks for you", "{count} people ask for you");

export type Ids = ReadonlySignal<readonly string[]>;

export interface BellOptions {
  /** Patients who wait. */
  waiting?: Ids;
  /** Guests of this call who wait, and colleagues who ask for this person: they ring once even during a call. */
  callers?: Ids;
  /** Somebody is being talked to. */
  busy?: () => boolean;
}

const NOBODY: Ids = signal([]);

export class Bell {
  readonly chime = new Chime();
  readonly notify: Signal<NotifyState> = signal(notifyState(preferred("notify", false)));
  /** It rings again and again, and can be silenced. */
  readonly rings: ReadonlySignal<boolean>;
  readonly #patients: Alarm;
  readonly #callers: Alarm;
  readonly #busy: () => boolean;

  constructor({ waiting = NOBODY, callers = NOBODY, busy = () => false }: BellOptions) {
    this.#busy = busy;
    this.#patients = new Alarm({
      chime: () => busy() || this.chime.play(),
      notify: (count) => busy() || this.#notify(patientWords(count)),
    });
    this.#callers = new Alarm({ chime: () => this.chime.play(), notify: (count) => this.#notify(callerWords(count)) });
    this.rings = computed(() => {
      const loud = (ids: Ids, alarm: Alarm): boolean => ids.value.length > 0 && !alarm.silenced.value;
      return this.chime.state.value === "on" && (loud(waiting, this.#patients) || loud(callers, this.#callers));
    });
    const title = document.title;
    effect(() => {
      document.title = badgeTitle(title, waiting.value.length + callers.value.length);
      this.#patients.update(waiting.value, performance.now());
      this.#callers.update(callers.value, performance.now());
    });
  }

  tick(): void {
    this.#patients.tick(performance.now());
    if (!this.#busy()) this.#callers.tick(performance.now());
  }

  /** Quiet for those who are there now. */
  silence(): void {
    this.#patients.silence();
    this.#callers.silence();
  }

  #notify(words: string): void {
    if (this.notify.peek() !== "on" || !document.hidden) return;
    if (!showNotification(words)) this.notify.value = "unsupported";
  }

  /** Sound was on the last time: the first click or key on this page may bring it back. */
  restore(): void {
    if (!preferred("sound", false)) return;
    this.chime.state.value = "blocked";
    const unlock = (event: Event) => {
      // The switch itself turns the sound on; doing it here as well would make its click turn it off.
      if (event.target instanceof Element && event.target.closest("[data-sound]")) return;
      document.removeEventListener("pointerdown", unlock);
      document.removeEventListener("keydown", unlock);
      if (this.chime.state.value === "blocked") this.chime.turnOn();
    };
    document.addEventListener("pointerdown", unlock);
    document.addEventListener("keydown", unlock);
  }

  toggleSound(): void {
    if (this.chime.state.value === "on") this.chime.turnOff();
    else this.chime.turnOn();
    prefer("sound", this.chime.state.value !== "off");
  }

  async toggleNotify(): Promise<void> {
    if (this.notify.value === "on") {
      this.notify.value = "off";
    } else {
      await Notification.requestPermission();
      this.notify.value = notifyState(true);
    }
    prefer("notify", this.notify.value === "on");
  }
}
