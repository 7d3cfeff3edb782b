/** What a professional does at the desk: admit, join, leave, end; and what the desk does by itself. It knows no DOM. */
import { computed, effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";
import type { Call } from "../call/client.ts";
import type { CallState } from "../call/model.ts";
import { patientOf } from "../call/roster.ts";
import { t } from "../lib/i18n.ts";
import type { Outcome, Stage } from "../lib/wire.ts";
import type { LocalView } from "../media/local.ts";
import type { Trouble } from "../media/trouble.ts";
import { type Scene, sceneOf } from "./scene.ts";

export type DeskDialog = "part" | "unsuitable";
export type CallPort = Pick<Call, "admit" | "enter" | "leave" | "again" | "prepare" | "command"> & {
  media: Pick<Call["media"], "stop">;
};

export interface DeskOptions {
  call: CallPort;
  state: ReadonlySignal<CallState>;
  /** The server's time in ms. */
  now: () => number;
  /** Whether the consultation is this person's own: then camera and microphone are ready when the patient waits. */
  mine: boolean;
  /** Why this browser cannot make calls; null when it can. */
  obstacle: Trouble | null;
  /** The page was opened by 'Admit'. */
  admitAtOnce: boolean;
  say: (text: string) => void;
}

const ADMITTABLE: ReadonlySet<Stage> = new Set(["waiting", "refused", "in_call"]);

const sentence = (error: unknown): string => {
  const message = error instanceof Error ? error.message : "";
  return message || t("The server did not answer. Please try again.");
};

export class Desk {
  readonly scene: ReadonlySignal<Scene>;
  readonly dialog: Signal<DeskDialog | null> = signal(null);
  readonly error: Signal<string | null> = signal(null);
  readonly busy: Signal<boolean> = signal(false);
  /** The names in the list are nobody else's business while the screen is shared. */
  readonly listHidden: ReadonlySignal<boolean>;
  /** Why this browser cannot make calls. */
  readonly obstacle: Trouble | null;
  /** How long the consultation lasted in ms; null when this page did not see it end. */
  readonly lasted: Signal<number | null> = signal(null);
  readonly #options: DeskOptions;
  #toAdmit: boolean;
  #prepared = false;
  /** The last wish about the camera, which outlives one patient. */
  #camera = true;
  #cameraBefore = false;
  #before: Scene = "connecting";

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#toAdmit = options.admitAtOnce;
    this.obstacle = options.obstacle;
    this.scene = computed(() => (options.obstacle === null ? sceneOf(options.state.value) : "unable"));
    this.listHidden = computed(() => options.state.value.local.screen);
  }

  /** Begins to follow the call; the answer ends it. */
  start(): () => void {
    return effect(() => {
      const state = this.#options.state.value;
      const scene = this.scene.value;
      untracked(() => this.#follow(scene, state));
    });
  }

  open(dialog: DeskDialog): void {
    this.error.value = null;
    this.dialog.value = dialog;
  }

  close(): void {
    this.dialog.value = null;
    this.error.value = null;
  }

  admit(): Promise<void> {
    return this.#order(() => this.#options.call.admit());
  }

  /** A colleague sits down in a call that has a place; quietly: to see and hear. */
  join(quiet = false): Promise<void> {
    return this.#order(() => this.#options.call.enter(quiet));
  }

  /** Goes at once, whatever is being asked: nobody stays on camera because a server is silent. */
  leave(): Promise<void> {
    this.close();
    return this.#options.call.leave();
  }

  end(outcome: Outcome, reason: string | null): Promise<void> {
    return this.#order(() => this.#options.call.command("end", { outcome, reason }));
  }

  /** Here instead of in the other window: the place there is ours still. */
  again(): Promise<void> {
    return this.#ask(() => this.#options.call.again());
  }

  /** Back after leaving, which gave the place away. */
  rejoin(): Promise<void> {
    return this.#ask(async () => {
      await this.#options.call.again();
      await this.#options.call.enter();
    });
  }

  #follow(scene: Scene, state: CallState): void {
    if (this.#toAdmit && state.line === "open" && state.me) void this.#admitAtOnce(state);
    if (scene !== this.#before) this.#entered(scene, state);
    this.#useDevices(this.#wantsDevices(scene, state));
    if (this.#prepared) this.#noteCamera(state.local);
  }

  /** A camera that went off without a fault was switched off; one with a fault is still wanted. */
  #noteCamera({ camera, trouble }: LocalView): void {
    if (camera || trouble.camera !== null) this.#camera = true;
    else if (this.#cameraBefore) this.#camera = false;
    this.#cameraBefore = camera;
  }

  async #admitAtOnce(state: CallState): Promise<void> {
    this.#toAdmit = false;
    const patient = patientOf(state.roster);
    if (patient && ADMITTABLE.has(patient.stage)) await this.admit();
    else this.#options.say(t("{name} is no longer in the waiting room.", { name: patient?.name ?? "" }));
  }

  #entered(scene: Scene, state: CallState): void {
    if (scene === "ended" && this.#before !== "connecting") this.#measure(state);
    this.#before = scene;
  }

  /** Whoever listens sends nothing, so nothing is opened. */
  #wantsDevices(scene: Scene, { me }: CallState): boolean {
    if (scene === "call") return me?.quiet !== true;
    return scene === "waiting" && this.#options.mine;
  }

  /** Camera and microphone are on only as long as there is somebody to talk to. */
  #useDevices(wanted: boolean): void {
    if (wanted === this.#prepared) return;
    this.#prepared = wanted;
    this.#cameraBefore = false;
    if (wanted) void this.#options.call.prepare({ camera: this.#camera, microphone: true });
    else this.#options.call.media.stop();
  }

  #measure({ roster }: CallState): void {
    const begun = roster.consultation.started_at;
    this.lasted.value = begun === null ? null : this.#options.now() - Date.parse(begun);
  }

  /** A wish that needs the server now: waiting for the line it would be carried out when nobody expects it any more. */
  #order(wish: () => Promise<void>): Promise<void> {
    if (this.#options.state.peek().line === "open") return this.#ask(wish);
    this.#tell(t("The server cannot be reached at the moment. Please try again when the connection is back."));
    return Promise.resolve();
  }

  /** One wish at a time; a dialog stays open with the server's sentence when it refuses. */
  async #ask(wish: () => Promise<void>): Promise<void> {
    if (this.busy.value) return;
    this.busy.value = true;
    this.error.value = null;
    try {
      await wish();
      this.dialog.value = null;
    } catch (error) {
      this.#tell(sentence(error));
    } finally {
      this.busy.value = false;
    }
  }

  #tell(words: string): void {
    if (this.dialog.value) this.error.value = words;
    else this.#options.say(words);
  }
}
