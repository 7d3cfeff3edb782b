/** Reads getStats() into a few numbers and grades both directions of a connection. */
import type { Quality } from "./policy.ts";

/** Counters of one moment; times in milliseconds, `lossOut` as the other side reports it (0 to 1). */
export interface Counters {
  at: number;
  bytesIn: number;
  bytesOut: number;
  packetsIn: number;
  lostIn: number;
  framesIn: number;
  jitter: number;
  rtt: number;
  lossOut: number;
  /** Bits per second that the browser believes the way out can carry; 0 when it does not say. */
  roomOut: number;
  /** Pictures that came from our own camera to be sent; null when the browser does not say. */
  framesOut: number | null;
}

export interface Rates {
  kbitIn: number;
  kbitOut: number;
  lossIn: number;
  fpsIn: number;
  jitter: number;
  rtt: number;
  lossOut: number;
  roomOut: number;
}

export type Entry = Record<string, unknown> & { type: string };

const number = (entry: Entry, name: string): number => (typeof entry[name] === "number" ? entry[name] : 0);

const inbound = (sum: Counters, entry: Entry): void => {
  sum.bytesIn += number(entry, "bytesReceived");
  sum.packetsIn += number(entry, "packetsReceived");
  sum.lostIn += Math.max(0, number(entry, "packetsLost"));
  sum.framesIn += number(entry, "framesDecoded");
  sum.jitter = Math.max(sum.jitter, 1000 * number(entry, "jitter"));
};

const outbound = (sum: Counters, entry: Entry): void => {
  sum.bytesOut += number(entry, "bytesSent");
};

const reported = (sum: Counters, entry: Entry): void => {
  sum.lossOut = Math.max(sum.lossOut, number(entry, "fractionLost"));
  sum.rtt = Math.max(sum.rtt, 1000 * number(entry, "roundTripTime"));
};

const pair = (sum: Counters, entry: Entry): void => {
  if (entry.nominated === true) sum.roomOut = Math.max(sum.roomOut, number(entry, "availableOutgoingBitrate"));
};

/** Only pictures have frames. Firefox counts every line's source, also that of a line for a screen that nobody shares. */
const source = (sum: Counters, { frames }: Entry): void => {
  if (typeof frames === "number") sum.framesOut = (sum.framesOut ?? 0) + frames;
};

const READERS: Readonly<Record<string, (sum: Counters, entry: Entry) => void>> = {
  "inbound-rtp": inbound,
  "outbound-rtp": outbound,
  "remote-inbound-rtp": reported,
  "candidate-pair": pair,
  "media-source": source,
};

/** `report`: all that a browser counted, or a choice of it. */
export const count = (report: { forEach(read: (entry: Entry) => void): void }, at: number): Counters => {
  const sum: Counters = {
    at,
    bytesIn: 0,
    bytesOut: 0,
    packetsIn: 0,
    lostIn: 0,
    framesIn: 0,
    jitter: 0,
    rtt: 0,
    lossOut: 0,
    roomOut: 0,
    framesOut: null,
  };
  report.forEach((entry: Entry) => {
    READERS[entry.type]?.(sum, entry);
  });
  return sum;
};

export const rates = (before: Counters, after: Counters): Rates => {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  const more = (name: keyof Omit<Counters, "framesOut">): number => Math.max(0, after[name] - before[name]);
  const lost = more("lostIn");
  return {
    kbitIn: (8 * more("bytesIn")) / 1000 / seconds,
    kbitOut: (8 * more("bytesOut")) / 1000 / seconds,
    lossIn: lost / Math.max(1, lost + more("packetsIn")),
    fpsIn: more("framesIn") / seconds,
    jitter: after.jitter,
    rtt: after.rtt,
    lossOut: after.lossOut,
    roomOut: after.roomOut,
  };
};

const grade = (weak: boolean, fair: boolean): Quality => (weak ? "weak" : fair ? "fair" : "good");

/** What arrives here. A dark room makes cameras slow, so few frames alone are only weak when they are very few. */
export const gradeIn = ({ lossIn, jitter, fpsIn }: Rates, picture: boolean): Quality =>
  grade(
    lossIn > 0.08 || jitter > 100 || (picture && fpsIn < 7),
    lossIn > 0.03 || jitter > 50 || (picture && fpsIn < 12),
  );

/** What arrives of ours on the other side; `picture`: we send one. */
export const gradeOut = ({ lossOut, rtt, roomOut }: Rates, picture: boolean): Quality =>
  grade(
    lossOut > 0.08 || rtt > 800 || (picture && roomOut > 0 && roomOut < 120_000),
    lossOut > 0.03 || rtt > 350 || (picture && roomOut > 0 && roomOut < 250_000),
  );
