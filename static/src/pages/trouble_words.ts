/** What stands in the way of a camera or microphone, in words, and what to do about it in this very browser. */
import { t } from "../lib/i18n.ts";
import type { Trouble } from "../media/devices.ts";

export interface Advice {
  title: string;
  text: string;
  steps: string[];
}

export type Browser = "safari-phone" | "safari" | "firefox" | "chrome-phone" | "chrome";

export const browserOf = (userAgent: string): Browser => {
  if (/iPhone|iPad/.test(userAgent)) return "safari-phone";
  if (/Firefox\//.test(userAgent)) return "firefox";
  if (/Chrome\/|Chromium\//.test(userAgent)) return /Mobile|Android/.test(userAgent) ? "chrome-phone" : "chrome";
  return "safari";
};

const BLOCKED: Record<Browser, () => string[]> = {
  "safari-phone": () => [
    t("Tap the sign to the left of the address at the edge of the screen."),
    t("Choose 'Website settings', then 'Camera' and 'Microphone': 'Allow'."),
    t("Come back here and try again."),
  ],
  safari: () => [
    t("Open the menu 'Safari', then 'Settings for this website'."),
    t("Set 'Camera' and 'Microphone' to 'Allow'."),
    t("Come back here and try again."),
  ],
  firefox: () => [
    t("Click the crossed-out camera or microphone to the left of the address."),
    t("Click the small x beside 'Blocked'."),
    t("Come back here and try again."),
  ],
  "chrome-phone": () => [
    t("Tap the sign to the left of the address, then 'Permissions'."),
    t("Switch 'Camera' and 'Microphone' on."),
    t("Come back here and try again."),
  ],
  chrome: () => [
    t("Click the sign to the left of the address."),
    t("Switch 'Camera' and 'Microphone' on."),
    t("Come back here and try again."),
  ],
};

const CAMERA: Record<"blocked" | "missing" | "busy" | "other", () => Omit<Advice, "steps">> = {
  blocked: () => ({
    title: t("Your browser does not let us use the camera"),
    text: t("Perhaps 'Block' was chosen before. You can change that:"),
  }),
  missing: () => ({
    title: t("We cannot find a camera"),
    text: t(
      "If yours has a cable, please plug it in. You can also continue without a camera: sound is enough to talk.",
    ),
  }),
  busy: () => ({
    title: t("Another program is using the camera"),
    text: t("Please close other programs and tabs that make video calls, then try again."),
  }),
  other: () => ({
    title: t("The camera did not start"),
    text: t("Please try again. You can also continue without a camera: sound is enough to talk."),
  }),
};

const MICROPHONE: typeof CAMERA = {
  blocked: () => ({
    title: t("Your browser does not let us use the microphone"),
    text: t("Perhaps 'Block' was chosen before. You can change that:"),
  }),
  missing: () => ({
    title: t("We cannot find a microphone"),
    text: t("If yours has a cable, please plug it in. Most headphones for phones have one, too."),
  }),
  busy: () => ({
    title: t("Another program is using the microphone"),
    text: t("Please close other programs and tabs that make calls, then try again."),
  }),
  other: () => ({ title: t("The microphone did not start"), text: t("Please try again.") }),
};

const system = (): Advice => ({
  title: t("Your device does not let this browser use it"),
  text: t("You can change that in the settings of your phone or computer:"),
  steps: [
    t("Open the settings of your phone or computer, then 'Privacy'."),
    t("Open 'Camera' and 'Microphone', and allow them for your browser."),
    t("Come back here and try again."),
  ],
});

/** In the way of any video call, whatever the device; the message's link opens in another browser, this page's address does not. */
const HOPELESS: Record<"insecure" | "embedded" | "unsupported", () => Advice> = {
  insecure: () => ({
    title: t("This connection is not secure"),
    text: t(
      "Browsers give camera and microphone only to secure pages. Please open the link in your message again, just as it is.",
    ),
    steps: [],
  }),
  embedded: () => ({
    title: t("This window cannot make video calls"),
    text: t("You have opened the link inside another app. Please open it in your browser:"),
    steps: [
      t("Go back to the message with the link."),
      t("Press and hold the link, then choose 'Open in browser', 'Open in Safari' or 'Open in Chrome'."),
    ],
  }),
  unsupported: () => ({
    title: t("This browser cannot make video calls"),
    text: t(
      "Please open the link in your message in a new version of Safari, Chrome, Edge or Firefox, or on another phone or computer.",
    ),
    steps: [],
  }),
};

type Hopeless = keyof typeof HOPELESS;

/** Whether no second try on this page can help. */
export const isHopeless = (trouble: Trouble): trouble is Hopeless => trouble in HOPELESS;

export const adviceFor = (trouble: Trouble, kind: "camera" | "microphone", browser: Browser): Advice => {
  if (isHopeless(trouble)) return HOPELESS[trouble]();
  if (trouble === "system") return system();
  const words = (kind === "camera" ? CAMERA : MICROPHONE)[trouble]();
  return { ...words, steps: trouble === "blocked" ? BLOCKED[browser]() : [] };
};
