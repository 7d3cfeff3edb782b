/** The camera step: a picture of oneself, as in a mirror. */
import { $, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { openCamera, remember } from "../media/devices.ts";
import { Step } from "./step.ts";

const video = $<HTMLVideoElement>("#video");
const preview = $("#preview");
const status = $("#status");

const show = (stream: MediaStream): void => {
  video.srcObject = stream;
  preview.hidden = false;
  preview.classList.add("on");
  status.textContent = t("This is you. Only you can see this.");
};

const hide = (): void => {
  video.srcObject = null;
  preview.hidden = true;
  preview.classList.remove("on");
};

on($("#works"), "click", () => remember({ withoutCamera: false }));
on($("#without"), "click", () => remember({ withoutCamera: true }));

void new Step({ kind: "camera", open: openCamera, show, hide }).run();
