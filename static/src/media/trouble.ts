/** Names what can stand between a person and their camera or microphone; pure, so that every case has a test. */

export type Trouble = "blocked" | "system" | "missing" | "busy" | "insecure" | "embedded" | "unsupported" | "other";

/** What the exceptions of getUserMedia mean, over the browsers: Safari says Overconstrained for "none", Firefox Abort for "in use". */
const BY_NAME: Record<string, Trouble> = {
  NotAllowedError: "blocked",
  PermissionDeniedError: "blocked",
  SecurityError: "blocked",
  NotFoundError: "missing",
  DevicesNotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  TrackStartError: "busy",
  AbortError: "busy",
};

/** Chromium says in words when the device's own settings refuse ("Permission denied by system"). */
const BY_SYSTEM = /by system/i;

export const trouble = (error: unknown): Trouble => {
  if (!(error instanceof Error)) return "other";
  const found = BY_NAME[error.name] ?? "other";
  return found === "blocked" && BY_SYSTEM.test(error.message) ? "system" : found;
};

/** What the check needs to know of a browser. */
export interface Surroundings {
  secure: boolean;
  userAgent: string;
  hasDevices: boolean;
  hasPeerConnection: boolean;
}

/** Browsers inside other programs (of messengers and social networks), which often have no camera. */
const EMBEDDED =
  /FBAN|FBAV|FB_IAB|Instagram|Line\/|MicroMessenger|WhatsApp|Snapchat|Pinterest|LinkedInApp|TikTok|GSA\/|; wv\)/;

export const surroundings = (): Surroundings => ({
  secure: globalThis.isSecureContext,
  userAgent: navigator.userAgent,
  hasDevices: Boolean(navigator.mediaDevices?.getUserMedia),
  hasPeerConnection: typeof RTCPeerConnection === "function",
});

/** What is wrong before anybody is asked for a camera; null when a video call is possible. */
export const obstacle = ({ secure, userAgent, hasDevices, hasPeerConnection }: Surroundings): Trouble | null => {
  if (hasDevices && hasPeerConnection) return null;
  if (EMBEDDED.test(userAgent)) return "embedded";
  return secure ? "unsupported" : "insecure";
};
