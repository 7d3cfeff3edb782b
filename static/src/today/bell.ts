/** How a waiting patient is heard and seen outside the page: chime, browser notification, badge in the title. */
import { effect, type Signal, signal } from "@preact/signals";
import { Chime } from "../lib/chime.ts";
import { plural } from "../lib/i18n.ts";
import { prefer, preferred } from "../lib/prefs.ts";
import { Alarm, badgeTitle } from "./alarm.ts";
import type { Board } from "./board.ts";

export type NotifyState = "unsupported" | "off" | "on" | "denied";

const notifyState = (wanted: boolean): NotifyState => {
  if (typeof Notification === "undefined") return "unsupported";
  if (!wanted) return "off";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" ? "on" : "off";
};

/** Where a system notification is shown other people may read along: a number, never a name. False where a page may show none. */
const showNotification = (count: number): boolean => {
  const text = plural(count, "{count} patient is waiting", "{count} patients are waiting");
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

export class Bell {
  readonly chime = new Chime();
  readonly notify: Signal<NotifyState> = signal(notifyState(preferred("notify", false)));
  readonly alarm: Alarm;

  /** `busy`: somebody is being talked to, so nothing rings now. */
  constructor(board: Board, busy: () => boolean = () => false) {
    this.alarm = new Alarm({
      chime: () => busy() || this.chime.play(),
      notify: (count) => {
        if (this.notify.peek() !== "on" || !document.hidden || busy()) return;
        if (!showNotification(count)) this.notify.value = "unsupported";
      },
    });
    const title = document.title;
    effect(() => {
      const waiting = board.waiting.value;
      document.title = badgeTitle(title, waiting.length);
      this.alarm.update(
        waiting.map((row) => row.id),
        performance.now(),
      );
    });
  }

  tick(): void {
    this.alarm.tick(performance.now());
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
