/** The ways that sound and picture take: straight to the other browser, or over the forwarding engine, whose part is fetched when it is needed first. */
import type { Commands, Layer } from "../lib/wire.ts";
import type { EngineConnect } from "../media/engine.ts";
import type { EnginePath } from "./engine.ts";
import type { Media } from "./machine.ts";
import type { CallState, PathFrame } from "./model.ts";
import { Peers, type PeersOptions, type Remote } from "./peers.ts";

/** What the ways follow. */
export type Scene = Pick<CallState, "roster" | "line" | "local" | "soundOnly">;

/** How each person's picture is shown: the layer that is large enough for it; null: not at all. Whoever is pinned keeps it when the line gets narrow. */
export type Looks = ReadonlyMap<string, { layer: Layer | null; pinned: boolean }>;

type Up = "stuck" | "flowing" | "answer" | "restart_media" | "watch";

export interface PathsOptions extends PeersOptions {
  me: string;
  /** Gives a command to the server, if it can be reached; what it answers does not matter. */
  say: <T extends Up>(type: T, body: Commands[T]) => void;
  connect?: EngineConnect;
  stream?: () => MediaStream;
  load?: () => Promise<typeof EnginePath>;
}

/** More than two are listed: a third may be let in at any moment. */
const PAIR = 2;

declare const ENGINE: string;
const fetched = async (): Promise<typeof EnginePath> =>
  ((await import(new URL(ENGINE, import.meta.url).href)) as typeof import("./engine.ts")).EnginePath;

/** What the ways bring: everybody to whom there is one, and what the engine says of them. */
export type Brought = Pick<CallState, "remotes" | "speaking" | "paused">;

export const mediaOf = (remotes: readonly Remote[]): Media => {
  const views = remotes.map(({ view }) => view);
  if (views.length === 0) return "none";
  if (views.some(({ connected }) => connected)) return "flowing";
  return views.some(({ troubled, fresh }) => troubled || fresh) ? "broken" : "pending";
};

export class Paths {
  readonly #options: PathsOptions;
  readonly #peers: Peers;
  #engine: EnginePath | null = null;
  #loading = false;
  /** What came before the engine's part was there. */
  #early: PathFrame[] = [];
  #scene: Scene | null = null;
  #looks: Looks = new Map();
  #own = "";
  #stuck = false;

  constructor(options: PathsOptions) {
    this.#options = options;
    this.#peers = new Peers({ ...options, onChange: () => this.#changed() });
  }

  get brought(): Brought {
    return this.#engine?.brought ?? { remotes: this.#peers.remotes, speaking: null, paused: [] };
  }

  /** Our own peer id of the latest welcome. */
  become(own: string): void {
    this.#own = own;
    this.#peers.become(own);
    this.#engine?.become(own);
  }

  follow(scene: Scene): void {
    this.#scene = scene;
    const { route, participants } = scene.roster;
    if (route.path === "engine" || !route.settled || participants.length > PAIR) void this.#load();
    this.#peers.follow(scene, this.#options.me);
    this.#engine?.follow(scene);
    this.#tellStuck();
  }

  receive(frame: PathFrame): void {
    if (frame.t === "signal") void this.#peers.receive(frame.b.from, frame.b);
    else if (this.#engine) this.#engine.receive(frame);
    else this.#keep(frame);
  }

  /** What is shown how; the engine then sends no more than that. */
  look(looks: Looks): void {
    this.#looks = looks;
    this.#engine?.look(looks);
  }

  drop(participant: string): void {
    this.#peers.drop(participant);
  }

  networkChanged(): void {
    this.#peers.networkChanged();
    this.#engine?.networkChanged();
  }

  closeAll(): void {
    this.#peers.closeAll();
    this.#engine?.closeAll();
    this.#early = [];
    this.#scene = null;
  }

  #changed(): void {
    this.#tellStuck();
    this.#engine?.straightChanged();
    this.#options.onChange();
  }

  /** Once for each line to the server, which may have been started anew. Two who were stuck while one waited need not try again in the call. */
  #tellStuck(): void {
    const open = this.#scene?.line === "open";
    if (open && this.#peers.stuck && !this.#stuck) this.#options.say("stuck", {});
    this.#stuck = open && (this.#stuck || this.#peers.stuck);
  }

  #keep(frame: PathFrame): void {
    this.#early.push(frame);
    void this.#load();
  }

  /** One that fails is tried again with the next change or offer. */
  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    const Engine = await (this.#options.load ?? fetched)().catch(() => null);
    this.#loading = Engine !== null;
    if (Engine) this.#begin(new Engine({ ...this.#options, straight: this.#peers }));
  }

  #begin(engine: EnginePath): void {
    this.#engine = engine;
    engine.become(this.#own);
    engine.look(this.#looks);
    if (this.#scene) engine.follow(this.#scene);
    for (const frame of this.#early.splice(0)) engine.receive(frame);
    this.#options.onChange();
  }
}
