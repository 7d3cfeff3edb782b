/** The way over the forwarding engine, and the change from one way to the other while people talk: the new one first, then the old one goes. */
import { every, realTimers, type Timers } from "../lib/timers.ts";
import type { EngineOffer, Participant } from "../lib/wire.ts";
import { EngineLink, NOTHING_SENT, type Sent } from "../media/engine.ts";
import { Seen } from "../media/seen.ts";
import { type Change, calmed, changed, NO_CHANGE } from "./change.ts";
import type { PathFrame } from "./model.ts";
import type { Brought, Looks, PathsOptions, Scene } from "./paths.ts";
import type { Peers, Remote } from "./peers.ts";
import { maySend, participantOf } from "./roster.ts";
import { wishesOf } from "./watch.ts";
import { Ways } from "./ways.ts";

/** While the ways change it is looked often whether the new one carries. */
const CHANGE_MS = 100;
const SAMPLE_MS = 500;
/** The speaker may change with every word. */
const WATCH_MS = 250;
/** The connections before, and the new ones. */
const MOST_LINKS = 2;

export interface EngineTools extends PathsOptions {
  straight: Peers;
}

export class EnginePath {
  readonly #tools: EngineTools;
  readonly #timers: Timers;
  readonly #ways: Ways;
  readonly #seen = new Map<string, Seen>();
  #own = "";
  #speaker: string | null = null;
  #remotes: Remote[] = [];
  #change: Change = NO_CHANGE;
  #shown = "";
  /** The epoch of which the server was told that it flows. */
  #flowing: number | null = null;
  #watched = "";
  #cancelWatch: (() => void) | null = null;
  #sampledAt = Number.NEGATIVE_INFINITY;
  #sampling = false;
  #stopSampling: (() => void) | null = null;

  constructor(tools: EngineTools) {
    this.#tools = tools;
    this.#timers = tools.timers ?? realTimers;
    this.#ways = new Ways(tools.straight, tools.me);
  }

  get brought(): Brought {
    const { overEngine, paused } = this.#ways;
    return {
      remotes: this.#remotes,
      speaking: overEngine ? this.#speaking : null,
      paused: overEngine ? paused.flatMap((peer) => this.#owner(peer) ?? []) : [],
    };
  }

  /** Our own peer id of the latest welcome: under another one the engine does not know us. */
  become(own: string): void {
    if (own !== this.#own) this.#keepLinks(0);
    this.#own = own;
    this.#flowing = null;
    this.#watched = "";
    for (const link of this.#ways.links) link.renew();
  }

  follow(scene: Scene): void {
    const before = this.#ways.scene;
    this.#ways.scene = scene;
    const { route } = scene.roster;
    this.#change = changed(this.#change, route.settled, this.#timers.now());
    if (route.settled) this.#keepLinks(route.path === "engine" ? 1 : 0);
    for (const person of this.#ways.people) this.#expectScreen(before, person);
    for (const link of this.#ways.links) link.give(this.#sent);
    this.#refresh();
    this.#tell();
  }

  receive(frame: PathFrame): void {
    if (frame.t === "speaking") this.#speaker = frame.b.peer;
    else if (frame.t === "served") this.#ways.paused = frame.b.paused;
    else if (frame.t === "offer") this.#take(frame.b);
    this.#refresh();
  }

  look(looks: Looks): void {
    this.#ways.looks = looks;
    this.#watch();
  }

  /** Something has changed on the straight way. */
  straightChanged(): void {
    this.#refresh();
    this.#tell();
  }

  networkChanged(): void {
    this.#ways.newest?.networkChanged();
  }

  closeAll(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = null;
    this.#keepLinks(0);
    this.#ways.scene = null;
    this.#seen.clear();
    this.#remotes = [];
  }

  /** The engine knows browsers; people are told of people. */
  #owner(peer: string | null): string | null {
    return this.#ways.scene?.roster.participants.find((each) => each.peer !== null && each.peer === peer)?.id ?? null;
  }

  get #speaking(): string | null {
    return this.#owner(this.#speaker);
  }

  /** Everything of ours; a screen takes the camera's place, as on the straight way. */
  get #sent(): Sent {
    const { scene } = this.#ways;
    if (!scene || !maySend(scene.roster, this.#tools.me)) return NOTHING_SENT;
    const { track, screenTrack } = scene.local;
    return { audio: track.microphone, camera: screenTrack ? null : track.camera, screen: screenTrack };
  }

  #take(offer: EngineOffer): void {
    const { newest, scene } = this.#ways;
    if (!scene || offer.epoch < scene.roster.route.epoch) return;
    void (newest?.isOf(offer) ? newest : this.#begin(offer.epoch)).take(offer);
  }

  #begin(epoch: number): EngineLink {
    const { say, ice, connect } = this.#tools;
    const link = new EngineLink({
      epoch,
      ice,
      connect,
      onAnswer: (answer) => say("answer", answer),
      onRestart: (side) => say("restart_media", { side }),
      onChange: () => this.#refresh(),
      now: () => this.#timers.now(),
    });
    link.give(this.#sent);
    this.#leaveLost(epoch);
    this.#ways.links.push(link);
    this.#watched = "";
    this.#stopSampling ??= every(this.#timers, CHANGE_MS, () => void this.#sample());
    this.#keepLinks(MOST_LINKS);
    return link;
  }

  /** Of two of one epoch the engine has let go of the first: it must not take the place of the one that carries, nor answer any more. */
  #leaveLost(epoch: number): void {
    const { links, newest, scene } = this.#ways;
    const needless = scene?.roster.route.settled === true || links.length === MOST_LINKS || newest?.stands === false;
    if (newest?.epoch === epoch && needless) links.pop()?.close();
  }

  /** Closes all but so many of the newest. */
  #keepLinks(kept: number): void {
    const { links } = this.#ways;
    for (const link of links.splice(0, Math.max(0, links.length - kept))) link.close();
    if (links.length > 0) return;
    for (const seen of this.#seen.values()) seen.lose(this.#timers.now());
    this.#stopSampling?.();
    this.#stopSampling = null;
  }

  /** A screen that is shared once more has a picture of the time before. */
  #expectScreen(before: Scene | null, { id, peer, screen }: Participant): void {
    const shared = before ? participantOf(before.roster, id)?.screen : false;
    if (screen && !shared && peer !== null) for (const link of this.#ways.links) link.expectAnew(peer, "screen");
  }

  async #sample(): Promise<void> {
    const changing = this.#ways.scene?.roster.route.settled === false;
    const due = changing || this.#timers.now() - this.#sampledAt >= SAMPLE_MS;
    if (this.#sampling || !due) return;
    this.#sampling = true;
    this.#sampledAt = this.#timers.now();
    const expected = this.#ways.people.some((person) => this.#ways.expects(person));
    for (const link of [...this.#ways.links]) await link.examine(expected);
    this.#sampling = false;
    for (const person of this.#ways.people) this.#examine(person);
    this.#refresh();
    this.#tell();
  }

  #examine(person: Participant): void {
    const link = this.#ways.linkOf(person);
    if (!link || person.peer === null) return;
    const { camera, screen } = this.#sent;
    const picture = this.#ways.takesPicture(person) && !person.screen;
    this.#seenOf(person).examine(
      {
        standing: link.stands,
        expected: this.#ways.expects(person),
        counted: link.counted(person.peer),
        pictures: { in: picture, out: (camera ?? screen) !== null, camera: camera !== null },
      },
      this.#timers.now(),
    );
  }

  /** The stream is that of the straight way where there was one first: a player that is given another one goes black for a moment. */
  #seenOf(person: Participant): Seen {
    const { id, peer } = person;
    const stream = () => this.#ways.straightOf(person)?.view.stream ?? this.#tools.stream?.() ?? new MediaStream();
    const seen = this.#seen.get(id) ?? new Seen(stream(), peer ?? "", this.#timers.now());
    this.#seen.set(id, seen);
    if (peer !== null) seen.is(peer);
    return seen;
  }

  /** Of each person what is shown and told: of the wanted way once it carries them, until then of the one before. */
  #refresh(): void {
    if (!this.#ways.scene) return;
    const { people, straight } = this.#ways;
    const only = straight.remotes.map(({ participant }) => participant);
    const all = [...people, ...only.filter(({ id }) => !people.some((person) => person.id === id))];
    for (const id of this.#seen.keys()) if (!all.some((person) => person.id === id)) this.#seen.delete(id);
    this.#remotes = all.map((person) => this.#calmed(this.#remote(person)));
    this.#watch();
    this.#tellChange();
  }

  /** Pages are drawn anew only where there is something new. */
  #tellChange(): void {
    const views = this.#remotes.map(({ participant, view: { stream, ...rest } }) => [
      participant,
      rest,
      stream.getTracks().map(({ id }) => id),
    ]);
    const shown = JSON.stringify([views, this.#speaker, this.#ways.paused]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#tools.onChange();
  }

  #remote(participant: Participant): Remote {
    const seen = this.#seenOf(participant);
    for (const kind of ["audio", "video"] as const) seen.feed.choose(kind, this.#ways.arms(participant, kind));
    const straight = this.#ways.straightOf(participant);
    seen.expect(this.#ways.expects(participant), this.#timers.now());
    seen.follow(straight?.view.missingSince, this.#timers.now());
    const over = seen.view(this.#timers.now());
    if (straight && (!this.#ways.isOver(participant, straight) || (straight.view.connected && !over.connected)))
      return { ...straight, view: { ...straight.view, stream: seen.feed.stream } };
    return { participant, returned: seen.returned, view: over };
  }

  /** Looked at again with the next sample, so only while there are any. */
  #calmed(remote: Remote): Remote {
    if (this.#stopSampling === null) return remote;
    return { ...remote, view: calmed(remote.view, this.#change, this.#timers.now()) };
  }

  /** Says once of each change that the new way carries everybody. */
  #tell(): void {
    const { scene, people } = this.#ways;
    const { route } = scene?.roster ?? {};
    if (!route || route.settled || this.#flowing === route.epoch || scene?.line !== "open") return;
    if (!this.#carriesOurs(route.epoch) || people.some((person) => person.present && !this.#isCarried(person))) return;
    this.#flowing = route.epoch;
    this.#tools.say("flowing", { epoch: route.epoch });
  }

  /** Also as it is shown: what the one before brings is let go of only when nothing of the new one looks interrupted. */
  #isCarried(person: Participant): boolean {
    const shown = !this.#ways.overEngine || this.#seenOf(person).view(this.#timers.now()).connected;
    return shown && this.#ways.carries(person);
  }

  #carriesOurs(epoch: number): boolean {
    const { overEngine, newest } = this.#ways;
    const silent = Object.values(this.#sent).every((track) => track === null);
    return !overEngine || (newest?.epoch === epoch && newest.carries(silent));
  }

  #watch(): void {
    if (this.#wishes === this.#watched || this.#cancelWatch || !this.#ways.newest?.subscribed) return;
    this.#cancelWatch = this.#timers.after(WATCH_MS, () => this.#sendWishes());
  }

  get #wishes(): string {
    const { people, looks, scene } = this.#ways;
    const watching = { looks, speaking: this.#speaking, soundOnly: scene?.soundOnly ?? false };
    return JSON.stringify(wishesOf(people, watching));
  }

  #sendWishes(): void {
    this.#cancelWatch = null;
    if (this.#ways.scene?.line !== "open" || !this.#ways.newest?.subscribed) return;
    this.#watched = this.#wishes;
    this.#tools.say("watch", { wishes: JSON.parse(this.#watched) });
  }
}
