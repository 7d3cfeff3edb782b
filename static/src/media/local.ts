/** Our own microphone, camera and screen: on, off, exchanged while talking, lost and found again. It knows no DOM. */
import type { Trouble } from "./trouble.ts";

export type Source = "camera" | "microphone";

/** What opens the devices; `id` null is the browser's default. */
export interface Openers {
  camera: (id: string | null) => Promise<MediaStream>;
  microphone: (id: string | null) => Promise<MediaStream>;
  screen: () => Promise<MediaStream>;
  trouble: (error: unknown) => Trouble;
}

/** What the person switched off; it stays off until they switch it on, also where a page opens devices by itself. */
export type Off = Readonly<Record<Source, boolean>>;

export interface LocalView {
  /** There is a microphone and we did not mute it. Others hear us where there is no trouble with it either. */
  mic: boolean;
  camera: boolean;
  screen: boolean;
  /** Why the device that was wanted is not there. */
  trouble: Readonly<Record<Source, Trouble | null>>;
  track: Readonly<Record<Source, MediaStreamTrack | null>>;
  /** The device of each, also while it is off; null is the browser's default. */
  device: Readonly<Record<Source, string | null>>;
  screenTrack: MediaStreamTrack | null;
}

/** A device went away by itself and another took its place; `label` is null when none could. */
export interface Exchange {
  source: Source;
  label: string | null;
  before: string | null;
}

export interface LocalOptions {
  openers: Openers;
  chosen: Readonly<Record<Source, string | null>>;
  off: Off;
  onOff: (off: Off) => void;
  onChange: (view: LocalView) => void;
  onExchange: (exchange: Exchange) => void;
}

interface Slot {
  wanted: boolean;
  id: string | null;
  track: MediaStreamTrack | null;
  trouble: Trouble | null;
}

const SOURCES: readonly Source[] = ["microphone", "camera"];

const slot = (id: string | null): Slot => ({ wanted: false, id, track: null, trouble: null });

/** The system mutes a microphone that it gives to a telephone call, and does not end it. */
const held = ({ track }: Slot): Trouble | null => (track?.muted ? "busy" : null);

const deviceOf = ({ id, track }: Slot): string | null => track?.getSettings().deviceId ?? id;

export class LocalMedia {
  readonly #options: LocalOptions;
  readonly #slots: Record<Source, Slot>;
  #off: Off;
  #screen: MediaStreamTrack | null = null;
  #chain: Promise<void> = Promise.resolve();

  constructor(options: LocalOptions) {
    this.#options = options;
    this.#off = options.off;
    this.#slots = { camera: slot(options.chosen.camera), microphone: slot(options.chosen.microphone) };
  }

  get view(): LocalView {
    const { camera, microphone } = this.#slots;
    return {
      mic: microphone.track !== null && !this.#off.microphone,
      camera: camera.track !== null,
      screen: this.#screen !== null,
      trouble: { camera: camera.trouble, microphone: microphone.trouble ?? held(microphone) },
      track: { camera: camera.track, microphone: microphone.track },
      device: { camera: deviceOf(camera), microphone: deviceOf(microphone) },
      screenTrack: this.#screen,
    };
  }

  /** Opens what is wanted; a device that fails says so in `trouble` and keeps nothing else from working. */
  async open(wanted: Readonly<Record<Source, boolean>>): Promise<void> {
    if (wanted.microphone) this.#slots.microphone.wanted = true;
    if (wanted.camera && !this.#off.camera) this.#slots.camera.wanted = true;
    await this.#inTurn(() => Promise.all(SOURCES.map((source) => this.#fill(source))));
  }

  /** Tries once more what was wanted and failed: the person has allowed it meanwhile, or closed the other program. */
  retry(): Promise<void> {
    return this.open({ camera: false, microphone: false });
  }

  /** Muting keeps the device, so that speaking is heard again at once; a missing microphone is asked for. */
  async setMic(on: boolean): Promise<void> {
    this.#switch("microphone", on);
    this.#slots.microphone.wanted ||= on;
    this.#applyMute();
    this.#changed();
    if (on) await this.#inTurn(() => this.#fill("microphone"));
  }

  /** Off is really off: the light of the camera goes out. */
  async setCamera(on: boolean): Promise<void> {
    this.#switch("camera", on);
    this.#slots.camera.wanted = on;
    if (on) await this.#inTurn(() => this.#fill("camera"));
    else this.#empty("camera");
  }

  /** Another device while talking: the new one is open before the old one goes, where the hardware allows both. */
  async choose(source: Source, id: string | null): Promise<void> {
    const place = this.#slots[source];
    place.id = id;
    if (place.track !== null || source === "microphone") await this.#inTurn(() => this.#exchange(source));
    else this.#changed();
  }

  async share(): Promise<void> {
    const stream = await this.#options.openers.screen();
    this.#screen = stream.getVideoTracks()[0] ?? null;
    if (this.#screen) {
      this.#screen.contentHint = "detail";
      this.#screen.onended = () => this.stopSharing();
    }
    this.#changed();
  }

  stopSharing(): void {
    const screen = this.#screen;
    this.#screen = null;
    if (screen) {
      screen.onended = null;
      screen.stop();
    }
    this.#changed();
  }

  /** After an interruption (a phone call, a locked screen) tracks may be dead without saying so. */
  async revive(): Promise<void> {
    for (const source of SOURCES)
      await this.#inTurn(async () => {
        if (this.#isDead(this.#slots[source])) await this.#exchange(source);
      });
  }

  stop(): void {
    this.#slots.microphone.wanted = false;
    this.#slots.camera.wanted = false;
    this.#empty("microphone");
    this.#empty("camera");
    this.stopSharing();
  }

  /** One that is blocked is not asked for again: the question would come with every look at the page. */
  #isDead({ wanted, track, trouble }: Slot): boolean {
    if (track === null) return wanted && trouble !== "blocked";
    return wanted && (track.readyState === "ended" || track.muted);
  }

  #switch(source: Source, on: boolean): void {
    this.#off = { ...this.#off, [source]: !on };
    this.#options.onOff(this.#off);
  }

  /** One opening after the other: two at once for one device end in "busy". */
  #inTurn(step: () => Promise<unknown>): Promise<void> {
    this.#chain = this.#chain.then(step).then(() => undefined);
    return this.#chain;
  }

  /** One that the system holds may not come back by itself; until another can be opened it is kept. */
  async #fill(source: Source): Promise<void> {
    const place = this.#slots[source];
    if (!place.wanted || place.track?.muted === false) return;
    this.#settle(source, await this.#tryOpen(source, place.id));
  }

  async #tryOpen(source: Source, id: string | null): Promise<MediaStreamTrack | Trouble> {
    const { openers } = this.#options;
    try {
      const stream = await openers[source](id);
      return stream.getTracks()[0] ?? "missing";
    } catch (error) {
      return openers.trouble(error);
    }
  }

  #settle(source: Source, outcome: MediaStreamTrack | Trouble): void {
    const place = this.#slots[source];
    if (typeof outcome === "string") place.trouble = outcome;
    else if (place.wanted) this.#install(source, outcome);
    else outcome.stop();
    this.#changed();
  }

  #install(source: Source, track: MediaStreamTrack): void {
    const place = this.#slots[source];
    this.#drop(place.track);
    place.track = track;
    place.trouble = null;
    track.contentHint = source === "microphone" ? "speech" : "motion";
    track.onended = () => void this.#vanished(source);
    track.onmute = track.onunmute = () => this.#interrupted(place);
    this.#applyMute();
  }

  #interrupted(place: Slot): void {
    place.trouble = null;
    this.#changed();
  }

  async #exchange(source: Source): Promise<void> {
    const place = this.#slots[source];
    const first = await this.#tryOpen(source, place.id);
    if (typeof first !== "string") return this.#settle(source, first);
    this.#drop(place.track);
    place.track = null;
    this.#settle(source, await this.#tryOpen(source, place.id));
  }

  /** Unplugged, or taken away by the system: go on with the default device, and say so. */
  async #vanished(source: Source): Promise<void> {
    const place = this.#slots[source];
    const before = place.id ?? deviceOf(place);
    place.track = null;
    place.id = null;
    this.#changed();
    await this.#inTurn(() => this.#fill(source));
    this.#options.onExchange({ source, label: this.#label(source), before });
  }

  #label(source: Source): string | null {
    return this.#slots[source].track?.label ?? null;
  }

  #empty(source: Source): void {
    const place = this.#slots[source];
    this.#drop(place.track);
    place.track = null;
    place.trouble = null;
    this.#changed();
  }

  #drop(track: MediaStreamTrack | null): void {
    if (!track) return;
    track.onended = null;
    track.onmute = track.onunmute = null;
    track.stop();
  }

  #applyMute(): void {
    const { track } = this.#slots.microphone;
    if (track) track.enabled = !this.#off.microphone;
  }

  #changed(): void {
    this.#options.onChange(this.view);
  }
}
