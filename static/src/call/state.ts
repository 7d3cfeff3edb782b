/** A call as signals for the views, with the few things that only views need. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { prefer, preferred } from "../lib/prefs.ts";
import { type Device, remember, remembered } from "../media/devices.ts";
import type { Call } from "./client.ts";
import { type Layout, layoutOf, looksOf, shownOf } from "./layout.ts";
import { isTalking } from "./machine.ts";
import type { CallState } from "./model.ts";
import { lastMessageId } from "./roster.ts";
import { otherOf } from "./words.ts";

export type Sheet = "chat" | "more" | "people";
export type TextSize = "normal" | "large" | "larger";

export interface CallModel {
  call: Call;
  state: ReadonlySignal<CallState>;
  layout: Layout;
  /** The sheet that is open over the picture. */
  sheet: Signal<Sheet | null>;
  /** What is being written; it outlives the field, which goes with the waiting room or the sheet. */
  draft: Signal<string>;
  /** Messages of others that came while the chat was closed. */
  unread: ReadonlySignal<number>;
  /** The browser plays no sound until somebody taps. */
  silent: Signal<boolean>;
  /** Somebody speaks into a muted microphone. */
  mutedHint: Signal<boolean>;
  /** Who has just come back, joined or left, in a sentence. */
  back: Signal<string | null>;
  /** A microphone that has just been plugged in, and may be wanted. */
  found: Signal<Device | null>;
  /** Why the last wish could not be fulfilled, in words. */
  trouble: Signal<string | null>;
  /** Whom the page is about, where the roster names nobody. */
  host: Signal<string>;
  /** Name of the other one. */
  name: ReadonlySignal<string>;
  /** The number that is offered when no connection comes about. */
  phone: Signal<string | null>;
  speaker: ReadonlySignal<string | null>;
  chooseSpeaker: (id: string | null) => void;
  shortcuts: ReadonlySignal<boolean>;
  useShortcuts: (on: boolean) => void;
  textSize: ReadonlySignal<TextSize>;
  useTextSize: (size: TextSize) => void;
}

/** Before the call the messages stand on the page itself. */
export const chatInSight = ({ phase }: CallState, sheet: Sheet | null): boolean =>
  sheet === "chat" || !isTalking(phase);

/** Everything said so far when the page opened, or while the chat is in sight, counts as read. */
const unreadOf = (state: ReadonlySignal<CallState>, sheet: Signal<Sheet | null>): ReadonlySignal<number> => {
  const seen = signal<number | null>(null);
  effect(() => {
    const { roster, me } = state.value;
    const inSight = chatInSight(state.value, sheet.value);
    if (me && (seen.peek() === null || inSight)) seen.value = lastMessageId(roster.messages);
  });
  return computed(() => {
    const { roster, me } = state.value;
    return roster.messages.filter(({ id, from }) => seen.value !== null && id > seen.value && from !== me?.id).length;
  });
};

const kept = <T extends string | boolean>(name: string, first: T): [Signal<T>, (next: T) => void] => {
  const held = signal(preferred(name, first));
  const keep = (next: T): void => {
    held.value = next;
    prefer(name, next);
  };
  return [held, keep];
};

const speakerOf = (): [Signal<string | null>, (id: string | null) => void] => {
  const speaker = signal(remembered().speaker);
  const choose = (id: string | null): void => {
    speaker.value = id;
    remember({ speaker: id });
  };
  return [speaker, choose];
};

const build = (call: Call): CallModel => {
  const state = signal(call.state);
  call.subscribe((next) => {
    state.value = next;
  });
  const layout = layoutOf(state);
  effect(() => {
    const people = shownOf(state.value).map(({ participant }) => participant.id);
    call.look(looksOf(layout.arranged.value, layout.pinned.value, people));
  });
  const sheet = signal<Sheet | null>(null);
  const host = signal("");
  const [speaker, chooseSpeaker] = speakerOf();
  const [shortcuts, useShortcuts] = kept<boolean>("shortcuts", true);
  const [textSize, useTextSize] = kept<TextSize>("text", "normal");
  return {
    call,
    state,
    layout,
    sheet,
    draft: signal(""),
    host,
    name: computed(() => otherOf(state.value)?.name ?? host.value),
    phone: signal(null),
    unread: unreadOf(state, sheet),
    silent: signal(false),
    mutedHint: signal(false),
    back: signal(null),
    found: signal(null),
    trouble: signal(null),
    speaker,
    chooseSpeaker,
    shortcuts,
    useShortcuts,
    textSize,
    useTextSize,
  };
};

const models = new WeakMap<Call, CallModel>();

/** The one model of a call; made at the first asking. */
export const modelOf = (call: Call): CallModel => {
  const found = models.get(call) ?? build(call);
  models.set(call, found);
  return found;
};
