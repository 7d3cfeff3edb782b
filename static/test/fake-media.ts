/** Cameras and microphones that tests plug in and out. */
import type { Openers, Source } from "../src/media/local.ts";

export class FakeTrack {
  readonly kind: string;
  readonly label: string;
  readonly id: string;
  enabled = true;
  muted = false;
  readyState: "live" | "ended" = "live";
  contentHint = "";
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;

  constructor(kind: string, id: string) {
    this.kind = kind;
    this.id = id;
    this.label = `the ${id}`;
  }

  stop(): void {
    this.readyState = "ended";
  }

  getSettings(): { deviceId: string } {
    return { deviceId: this.id };
  }

  /** Pulled out, or taken by the system: the browser says so only by this event. */
  vanishes(): void {
    this.readyState = "ended";
    this.onended?.();
  }

  /** Somebody calls by telephone, or hangs up. */
  interrupted(now: boolean): void {
    this.muted = now;
    (now ? this.onmute : this.onunmute)?.();
  }
}

const stream = (track: FakeTrack): MediaStream =>
  ({
    getTracks: () => [track],
    getVideoTracks: () => (track.kind === "video" ? [track] : []),
  }) as unknown as MediaStream;

export class FakeDevices {
  /** Every opening, in order: which device, by which id. */
  readonly opened: FakeTrack[] = [];
  readonly asked: [Source, string | null][] = [];
  /** What the next openings fail with, by kind. */
  fails: Partial<Record<Source, string>> = {};

  readonly openers: Openers = {
    camera: (id) => this.#open("camera", id),
    microphone: (id) => this.#open("microphone", id),
    screen: async () => stream(this.#made(new FakeTrack("video", "screen"))),
    trouble: (error) => (error as Error).message as "busy",
  };

  get newest(): FakeTrack {
    const track = this.opened.at(-1);
    if (!track) throw new Error("nothing was opened");
    return track;
  }

  of(kind: string): FakeTrack[] {
    return this.opened.filter((track) => track.kind === kind);
  }

  async #open(source: Source, id: string | null): Promise<MediaStream> {
    this.asked.push([source, id]);
    await Promise.resolve();
    const failure = this.fails[source];
    if (failure !== undefined) throw new Error(failure);
    return stream(this.#made(new FakeTrack(source === "camera" ? "video" : "audio", id ?? `default ${source}`)));
  }

  #made(track: FakeTrack): FakeTrack {
    this.opened.push(track);
    return track;
  }
}
