/** Offers a microphone that is plugged in while somebody talks; it is never taken unasked. */
import { computed, effect } from "@preact/signals";
import { listDevices, onDeviceChange } from "../media/devices.ts";
import { isTalking } from "./machine.ts";
import type { CallModel } from "./state.ts";

/** Not devices of their own, but names for one of the others. */
const ALIASES = ["default", "communications"];

/** Looks until the answer is called: when something is plugged in or out, and when permission has given the devices their names. */
export const followMicrophones = ({ state, found }: CallModel): (() => void) => {
  if (!navigator.mediaDevices) return () => undefined;
  let known: string[] = [];
  const look = async (): Promise<void> => {
    const devices = await listDevices("microphone");
    const fresh = devices.find(({ id }) => known.length > 0 && ![...known, ...ALIASES].includes(id));
    known = devices.map(({ id }) => id);
    if (fresh && isTalking(state.peek().phase)) found.value = fresh;
    if (found.value && !known.includes(found.value.id)) found.value = null;
  };
  const track = computed(() => state.value.local.track.microphone);
  const stop = effect(() => {
    if (track.value) void look();
  });
  const off = onDeviceChange(() => void look());
  return () => {
    stop();
    off();
  };
};
