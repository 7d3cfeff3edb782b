/** How loud a microphone is, twenty times a second; by an AudioWorklet, else by an analyser. */

declare const METER_WORKLET: string;

const EVERY_MS = 50;
const FLOOR_DB = -60;
const SPEECH = 0.35;

/** Loudness as people hear it: rms (0 to 1) to a share of the bar (0 to 1), from -60 dB up. */
export const shareOf = (rms: number): number => {
  if (rms <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(rms)) / FLOOR_DB));
};

/** Whether a share of the bar is speech rather than the noise of a room. */
export const isSpeech = (share: number): boolean => share >= SPEECH;

/** One microphone's meter. `resume()` is never awaited: without a gesture or an output device it hangs for ever. */
export class Meter {
  private readonly context = new AudioContext({ latencyHint: "interactive" });
  private readonly source: MediaStreamAudioSourceNode;
  private timer: ReturnType<typeof setInterval> | null = null;
  private closed = false;

  constructor(
    stream: MediaStream,
    private readonly onLevel: (share: number) => void,
  ) {
    this.source = this.context.createMediaStreamSource(stream);
    this.resume();
    void this.connect();
  }

  /** To be called in a gesture: browsers may hold back sound until then. */
  resume(): void {
    if (this.context.state !== "running") void this.context.resume().catch(() => undefined);
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearInterval(this.timer);
    this.source.disconnect();
    void this.context.close().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    try {
      await this.context.audioWorklet.addModule(new URL(METER_WORKLET, import.meta.url).href);
      const node = new AudioWorkletNode(this.context, "meter", { numberOfOutputs: 0 });
      node.port.onmessage = ({ data }: MessageEvent<number>) => this.onLevel(shareOf(data));
      this.source.connect(node);
    } catch {
      if (!this.closed) this.poll();
    }
  }

  private poll(): void {
    const analyser = this.context.createAnalyser();
    const samples = new Float32Array(analyser.fftSize);
    this.source.connect(analyser);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.onLevel(shareOf(Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)));
    }, EVERY_MS);
  }
}
