/** The microphone step: a bar that moves with the voice. */
import { $, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { openMicrophone } from "../media/devices.ts";
import { isSpeech, Meter } from "../media/meter.ts";
import { Step } from "./step.ts";

const QUIET_MS = 6000;

const preview = $("#preview");
const level = $<HTMLMeterElement>("#level");
const status = $("#status");
let meter: Meter | null = null;
let quiet: ReturnType<typeof setTimeout> | undefined;

const heard = (): void => {
  clearTimeout(quiet);
  const sentence = t("We can hear you. Your microphone works.");
  if (status.textContent !== sentence) status.textContent = sentence;
};

const hide = (): void => {
  clearTimeout(quiet);
  meter?.close();
  meter = null;
  level.value = 0;
  preview.hidden = true;
};

const show = (stream: MediaStream): void => {
  hide();
  preview.hidden = false;
  status.textContent = "";
  quiet = setTimeout(() => {
    status.textContent = t("We hear nothing yet. Come closer, speak up, or choose another microphone.");
  }, QUIET_MS);
  meter = new Meter(stream, (share) => {
    level.value = share;
    if (isSpeech(share)) heard();
  });
};

on(document, "pointerdown", () => meter?.resume());
on(document, "keydown", () => meter?.resume());

void new Step({ kind: "microphone", open: openMicrophone, show, hide }).run();
