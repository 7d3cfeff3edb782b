/** Cameras, microphones and speakers: open, list, choose, and remember the choice for the next page and the next visit. */

import { trouble } from "./trouble.ts";

export type { Trouble } from "./trouble.ts";
export { obstacle, surroundings, trouble } from "./trouble.ts";

export type Kind = "camera" | "microphone" | "speaker";

export interface Device {
  id: string;
  label: string;
}

/** A device id for each kind, null for the browser's default. `withoutCamera`: the person chose sound only. */
export interface Choice {
  camera: string | null;
  microphone: string | null;
  speaker: string | null;
  withoutCamera: boolean;
}

const KEY = "consilium.devices";
const NONE: Choice = { camera: null, microphone: null, speaker: null, withoutCamera: false };
const KINDS: Record<Kind, MediaDeviceKind> = { camera: "videoinput", microphone: "audioinput", speaker: "audiooutput" };

const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};
const MICROPHONE: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** What was chosen before. Storage can be forbidden or hold another version's data: then nothing was chosen. */
export const remembered = (): Choice => {
  try {
    return { ...NONE, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Choice>) };
  } catch {
    return NONE;
  }
};

export const remember = (change: Partial<Choice>): void => {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...remembered(), ...change }));
  } catch {
    // Forbidden in some private windows: the choice then lasts for this page only.
  }
};

/** Exactly the device that was asked for: as a mere preference a browser passes it over for one that fits the picture size better. */
const wanted = (id: string): MediaTrackConstraints => ({ deviceId: { exact: id } });

export const cameraConstraints = (id: string | null): MediaTrackConstraints => ({
  ...CAMERA,
  ...(id === null ? { facingMode: { ideal: "user" } } : wanted(id)),
});

export const microphoneConstraints = (id: string | null): MediaTrackConstraints => ({
  ...MICROPHONE,
  ...(id === null ? {} : wanted(id)),
});

/** A device that is gone gives way to the browser's default; throws what `trouble()` can name. */
const openOr = async (id: string | null, open: (id: string | null) => Promise<MediaStream>): Promise<MediaStream> => {
  try {
    return await open(id);
  } catch (error) {
    if (id === null || trouble(error) !== "missing") throw error;
    return open(null);
  }
};

/** Asks the browser, and so perhaps the person. */
export const openCamera = (id: string | null = remembered().camera): Promise<MediaStream> =>
  openOr(id, (one) => navigator.mediaDevices.getUserMedia({ video: cameraConstraints(one) }));

export const openMicrophone = (id: string | null = remembered().microphone): Promise<MediaStream> =>
  openOr(id, (one) => navigator.mediaDevices.getUserMedia({ audio: microphoneConstraints(one) }));

/** Really off: the light of the camera goes out. */
export const close = (stream: MediaStream | null): void => {
  for (const track of stream?.getTracks() ?? []) track.stop();
};

/** The devices that can be told apart; before permission the browser hides ids and names, then the list is empty. */
export const listDevices = async (kind: Kind): Promise<Device[]> => {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all
    .filter((device) => device.kind === KINDS[kind] && device.deviceId !== "" && device.label !== "")
    .map((device) => ({ id: device.deviceId, label: device.label }));
};

/** Calls back when something is plugged in or out; returns what ends it. */
export const onDeviceChange = (callback: () => void): (() => void) => {
  navigator.mediaDevices.addEventListener("devicechange", callback);
  return () => navigator.mediaDevices.removeEventListener("devicechange", callback);
};

/** The device that a stream really uses. */
export const deviceOf = (stream: MediaStream): string | null => stream.getTracks()[0]?.getSettings().deviceId ?? null;

/** Whether the sound's way out can be chosen (not on iPhones). */
export const canChooseSpeaker = (): boolean => "setSinkId" in HTMLMediaElement.prototype;

type PermissionKind = "camera" | "microphone";

/** "granted" | "denied" | "prompt"; null where the browser does not tell (older Firefox, Safari). */
export const permission = async (kind: PermissionKind): Promise<PermissionStatus | null> => {
  try {
    return await navigator.permissions.query({ name: kind as PermissionName });
  } catch {
    return null;
  }
};
