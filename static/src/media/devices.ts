/** Cameras, microphones and speakers: open, list, choose, and remember the choice for the next page and the next visit. */

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

/** The wanted device if it is still there, else another: so "ideal", never "exact". */
const prefer = (id: string): MediaTrackConstraints => ({ deviceId: { ideal: id } });

export const cameraConstraints = (id: string | null = remembered().camera): MediaTrackConstraints => ({
  ...CAMERA,
  ...(id === null ? { facingMode: { ideal: "user" } } : prefer(id)),
});

export const microphoneConstraints = (id: string | null = remembered().microphone): MediaTrackConstraints => ({
  ...MICROPHONE,
  ...(id === null ? {} : prefer(id)),
});

/** Asks the browser, and so perhaps the person; throws what `trouble()` can name. */
export const openCamera = (id?: string | null): Promise<MediaStream> =>
  navigator.mediaDevices.getUserMedia({ video: cameraConstraints(id) });

export const openMicrophone = (id?: string | null): Promise<MediaStream> =>
  navigator.mediaDevices.getUserMedia({ audio: microphoneConstraints(id) });

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
