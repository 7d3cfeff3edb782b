/** A soft two-tone chime without a file; silent until a click has allowed it. */
import { type Signal, signal } from "@preact/signals";

const TONES_HZ = [659.25, 880];
const TONE_S = 0.35;
const LOUDNESS = 0.12;

export class Chime {
  /** "blocked": wanted, but the browser waits for a click or a key. */
  readonly state: Signal<"off" | "blocked" | "on"> = signal("off");
  #context: AudioContext | null = null;

  /** Call it from a click; plays once as a proof. Never awaits `resume()`: without a gesture or a device it hangs for ever. */
  turnOn(): void {
    this.#context ??= new AudioContext();
    this.#context.onstatechange = () => this.#follow();
    void this.#context.resume().catch(() => undefined);
    this.#follow();
    this.play();
  }

  turnOff(): void {
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
    this.state.value = "off";
  }

  play(): void {
    const context = this.#context;
    if (!context || context.state === "closed") return;
    for (const [index, hertz] of TONES_HZ.entries())
      this.#tone(context, hertz, context.currentTime + index * TONE_S * 0.6);
  }

  #follow(): void {
    this.state.value = this.#context?.state === "running" ? "on" : "blocked";
  }

  #tone(context: AudioContext, hertz: number, at: number): void {
    const oscillator = new OscillatorNode(context, { frequency: hertz, type: "sine" });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + TONE_S);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + TONE_S);
  }
}
