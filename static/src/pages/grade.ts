/** What measured numbers mean for a video call; pure. */

export interface Measured {
  /** Median round trip in ms; null when nothing came back. */
  rttMs: number | null;
  kbitPerS: number | null;
  /** Whether a websocket opened. */
  socket: boolean;
  /** Whether the network lets packets of a call through; null where nothing outside could be asked. */
  packets: boolean | null;
}

export type Grade = "good" | "fair" | "weak" | "narrow" | "unknown";

const GOOD = { rttMs: 150, kbitPerS: 2000 };
const FAIR = { rttMs: 400, kbitPerS: 600 };

export const grade = ({ rttMs, kbitPerS, socket, packets }: Measured): Grade => {
  if (rttMs === null || kbitPerS === null) return "unknown";
  if (!socket || packets === false) return "narrow";
  if (rttMs <= GOOD.rttMs && kbitPerS >= GOOD.kbitPerS) return "good";
  return rttMs <= FAIR.rttMs && kbitPerS >= FAIR.kbitPerS ? "fair" : "weak";
};

export const median = (values: readonly number[]): number | null =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
