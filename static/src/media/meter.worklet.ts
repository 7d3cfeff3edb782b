/** Measures how loud the microphone is, every 50 ms, on the audio thread. */

declare const sampleRate: number;
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const EVERY_S = 0.05;

class Meter extends AudioWorkletProcessor {
  private sum = 0;
  private count = 0;

  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (channel) this.add(channel);
    return true;
  }

  private add(channel: Float32Array): void {
    for (const sample of channel) this.sum += sample * sample;
    this.count += channel.length;
    if (this.count < sampleRate * EVERY_S) return;
    this.port.postMessage(Math.sqrt(this.sum / this.count));
    this.sum = 0;
    this.count = 0;
  }
}

registerProcessor("meter", Meter);
