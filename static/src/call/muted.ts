/** Notices when somebody speaks into a muted microphone: listens to a copy of the track that is not muted. */
import { isSpeech, Meter } from "../media/meter.ts";

const SPEECH_LEVELS = 8;

export class MutedEar {
  readonly #onSpeech: () => void;
  #meter: Meter | null = null;
  #copy: MediaStreamTrack | null = null;
  #source: MediaStreamTrack | null = null;
  #loud = 0;

  constructor(onSpeech: () => void) {
    this.#onSpeech = onSpeech;
  }

  /** Listens to this microphone; null stops listening. */
  listen(track: MediaStreamTrack | null): void {
    if (track === this.#source) return;
    this.#stop();
    this.#source = track;
    try {
      if (track) this.#hear(track.clone());
    } catch {
      // A browser that lets no page listen: there are no hints, and nothing else is lost.
      this.#stop();
    }
  }

  #hear(copy: MediaStreamTrack): void {
    this.#copy = copy;
    copy.enabled = true;
    this.#meter = new Meter(new MediaStream([copy]), (share) => this.#heard(share));
  }

  /** Eight loud moments of 50 ms, with few quiet ones between, are a word and not a cough. */
  #heard(share: number): void {
    this.#loud = Math.max(0, this.#loud + (isSpeech(share) ? 1 : -0.25));
    if (this.#loud < SPEECH_LEVELS) return;
    this.#loud = 0;
    this.#onSpeech();
  }

  #stop(): void {
    this.#meter?.close();
    this.#copy?.stop();
    this.#meter = null;
    this.#copy = null;
    this.#loud = 0;
  }
}
