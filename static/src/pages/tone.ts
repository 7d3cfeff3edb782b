/** The test sound: three soft notes, made on the spot, through the chosen way out. */

const NOTES_HZ = [523.25, 659.25, 783.99];
const EVERY_S = 0.28;
const LASTS_S = 0.9;
const LOUD = 0.22;

const note = (context: AudioContext, out: AudioNode, hz: number, at: number): void => {
  const oscillator = new OscillatorNode(context, { type: "triangle", frequency: hz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUD, at + 0.03);
  gain.gain.exponentialRampToValueAtTime(0.001, at + LASTS_S);
  oscillator.connect(gain).connect(out);
  oscillator.start(at);
  oscillator.stop(at + LASTS_S);
};

/** To be called in a gesture. Sound goes through an <audio> element, because only that can choose its way out everywhere. */
export const playTone = async (speaker: string | null): Promise<void> => {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  const player = new Audio();
  player.srcObject = out.stream;
  if (speaker !== null && "setSinkId" in player) await player.setSinkId(speaker).catch(() => undefined);
  NOTES_HZ.forEach((hz, index) => {
    note(context, out, hz, context.currentTime + 0.1 + index * EVERY_S);
  });
  setTimeout(
    () => {
      player.srcObject = null;
      void context.close();
    },
    (NOTES_HZ.length * EVERY_S + LASTS_S + 0.5) * 1000,
  );
  await player.play();
};
