/** Tells the server every ten seconds how the call goes here: pure sums of what is measured anyway, and the clock that sends them. */
import { every, type Timers } from "../lib/timers.ts";
import type { Report } from "../lib/wire.ts";
import type { Rates } from "../media/quality.ts";
import type { CallState } from "./model.ts";
import type { Remote } from "./peers.ts";

const LOOK_MS = 1_000;
const LOOKS = 10;

/** What one look brought; null where nothing was measured, because the connection was broken or is too new. */
export interface Look {
  rates: readonly Rates[];
  frozen: boolean;
}

const picture = ({ participant }: Remote, soundOnly: boolean): boolean =>
  participant.camera && !participant.screen && !soundOnly;

/** A screen that is shared may stand still; a camera does not. */
const stands = (remote: Remote, rates: Rates | null, soundOnly: boolean): boolean =>
  remote.view.troubled ||
  (rates !== null && rates.fpsIn === 0 && picture(remote, soundOnly) && !remote.view.soundOnlyThere);

export const look = ({ remotes, soundOnly }: Pick<CallState, "remotes" | "soundOnly">): Look => {
  const measured = remotes.map((remote) => ({ remote, rates: remote.view.troubled ? null : remote.view.measured() }));
  return {
    rates: measured.flatMap(({ rates }) => rates ?? []),
    frozen: measured.some(({ remote, rates }) => stands(remote, rates, soundOnly)),
  };
};

const most = (values: readonly number[]): number => Math.max(0, ...values);
const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const within = (value: number, limit: number): number => Math.min(limit, Math.max(0, Math.round(value) || 0));

/** Of several people the worst counts, and what comes from all of them; what goes out is counted with each. */
export const reportOf = (looks: readonly Look[], soundOnly: boolean): Report => {
  const seen = looks.map(({ rates }) => rates).filter(({ length }) => length > 0);
  const each = (read: (rates: Rates) => number, sum: (values: readonly number[]) => number) =>
    seen.map((rates) => sum(rates.map(read)));
  return {
    lost_in: within(1_000 * mean(each(({ lossIn }) => lossIn, most)), 1_000),
    lost_out: within(1_000 * mean(each(({ lossOut }) => lossOut, most)), 1_000),
    delay_ms: within(most(each(({ rtt }) => rtt, most)), 60_000),
    jitter_ms: within(most(each(({ jitter }) => jitter, most)), 60_000),
    in_kbps: within(mean(each(({ kbitIn }) => kbitIn, total)), 1_000_000),
    out_kbps: within(mean(each(({ kbitOut }) => kbitOut, most)), 1_000_000),
    frozen_ms: within(LOOK_MS * looks.filter(({ frozen }) => frozen).length, 10_000),
    sound_only: soundOnly,
  };
};

/** Looks every second while there is somebody to talk with; the answer ends it. */
export const startReports = (timers: Timers, state: () => CallState, send: (report: Report) => void): (() => void) => {
  let looks: Look[] = [];
  return every(timers, LOOK_MS, () => {
    const { phase, remotes, soundOnly, line } = state();
    const talks = (phase === "live" || phase === "recovering") && remotes.length > 0;
    looks = talks ? [...looks, look({ remotes, soundOnly })].slice(-LOOKS) : [];
    if (looks.length < LOOKS || line !== "open") return;
    if (looks.some(({ rates, frozen }) => rates.length > 0 || frozen)) send(reportOf(looks, soundOnly));
    looks = [];
  });
};
