/** Which way brings what of whom: reads the connections of both ways, the scene, and what the page takes. */
import type { Participant, TrackSource } from "../lib/wire.ts";
import type { EngineLink } from "../media/engine.ts";
import type { Arm } from "../media/feed.ts";
import type { Kind } from "../media/link.ts";
import type { Looks, Scene } from "./paths.ts";
import type { Peers, Remote } from "./peers.ts";
import { callers } from "./roster.ts";

const PICTURES: readonly TrackSource[] = ["screen", "camera"];

const sourceOf = ({ screen }: Participant, kind: Kind): TrackSource =>
  kind === "audio" ? "audio" : screen ? "screen" : "camera";

export class Ways {
  scene: Scene | null = null;
  looks: Looks = new Map();
  /** Browsers whose picture is held back for want of bandwidth. */
  paused: readonly string[] = [];
  /** Our connections to the engine, the newest last. */
  readonly links: EngineLink[] = [];
  readonly straight: Peers;
  readonly #me: string;

  constructor(straight: Peers, me: string) {
    this.straight = straight;
    this.#me = me;
  }

  /** The others in the call whose browser is there. */
  get people(): Participant[] {
    const people = this.scene ? callers(this.scene.roster, this.#me) : [];
    return people.filter(({ peer }) => peer !== null);
  }

  /** The engine is the wanted way. */
  get overEngine(): boolean {
    return this.scene?.roster.route.path === "engine";
  }

  get newest(): EngineLink | undefined {
    return this.links.at(-1);
  }

  straightOf(person: Participant): Remote | undefined {
    return this.straight.remotes.find(({ participant }) => participant.id === person.id);
  }

  /** They send a picture, and we do not keep it from coming. */
  takesPicture(person: Participant): boolean {
    const wanted = this.looks.get(person.id)?.layer !== null && !this.scene?.soundOnly;
    return wanted && !person.quiet && (person.camera || person.screen) && !this.paused.includes(person.peer ?? "");
  }

  expects(person: Participant): boolean {
    return this.#speaks(person) || this.takesPicture(person);
  }

  /** The wanted way brings all that this person sends. */
  carries(person: Participant): boolean {
    const flows = (kind: Kind): boolean =>
      this.overEngine
        ? (this.newest?.flows(person.peer ?? "", sourceOf(person, kind)) ?? false)
        : (this.straight.track(person.id, kind)?.flows ?? false);
    return (!this.#speaks(person) || flows("audio")) && (!this.takesPicture(person) || flows("video"));
  }

  /** The newest connection on which they come; before they do the newest. */
  linkOf(person: Participant): EngineLink | undefined {
    const peer = person.peer ?? "";
    const comes = (link: EngineLink) => link.flows(peer, "audio") || link.flows(peer, sourceOf(person, "video"));
    return this.links.findLast(comes) ?? this.newest;
  }

  /** What is told of them is of the engine, although the straight way is there, too. */
  isOver(person: Participant, straight: Remote): boolean {
    if (!this.newest) return false;
    return this.overEngine ? this.newest.stands && this.carries(person) : !straight.view.connected;
  }

  /** Their tracks of a kind, the wanted way first and the newest of the engine before the one that it takes over from. */
  arms(person: Participant, kind: Kind): Arm[] {
    const over = this.links.toReversed().flatMap((link) => this.#armsOf(link, person, kind));
    const straight = this.straight.track(person.id, kind);
    const arms = straight ? [straight] : [];
    return this.overEngine ? [...over, ...arms] : [...arms, ...over];
  }

  #speaks({ mic, quiet }: Participant): boolean {
    return mic && !quiet;
  }

  /** The picture that is sent now before the one that was; the last one of whoever had the line before is not looked at. */
  #armsOf(link: EngineLink, person: Participant, kind: Kind): Arm[] {
    const peer = person.peer ?? "";
    const now = sourceOf(person, kind);
    const sources = kind === "audio" ? [now] : PICTURES.toSorted((source) => (source === now ? -1 : 1));
    const waits = (source: TrackSource): boolean =>
      source === now && !(this.takesPicture(person) && link.inherits(peer, source));
    return sources.map((source) => ({
      track: link.flows(peer, source) || waits(source) ? link.track(peer, source) : null,
      flows: source === now && link.flows(peer, source),
    }));
  }
}
