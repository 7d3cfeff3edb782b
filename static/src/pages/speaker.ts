/** The sound step: play, listen, say whether it was heard. */
import { $, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { canChooseSpeaker, listDevices, remember, remembered } from "../media/devices.ts";
import { playTone } from "./tone.ts";

const play = $<HTMLButtonElement>("#play");
const heard = $("#heard");
const notHeard = $("#not-heard");
const without = $<HTMLButtonElement>("#without");
const select = $<HTMLSelectElement>("#device");

const offerSpeakers = async (): Promise<void> => {
  if (!canChooseSpeaker()) return;
  const devices = await listDevices("speaker");
  const current = remembered().speaker;
  select.replaceChildren(...devices.map(({ id, label }) => new Option(label, id, false, id === current)));
  $("#choose").hidden = devices.length < 2;
};

const ask = (): void => {
  for (const element of [$("#question"), heard, notHeard]) element.hidden = false;
  play.classList.remove("primary");
  $("span", play).textContent = t("Play it again");
};

const sound = async (): Promise<void> => {
  await playTone(select.value || null).catch(() => undefined);
  ask();
};

const help = (): void => {
  $("#tips").hidden = false;
  without.value = "not_heard";
  without.textContent = t("Continue anyway");
  notHeard.hidden = true;
  play.focus();
};

play.hidden = false;
on(play, "click", () => void sound());
on(notHeard, "click", help);
on(select, "change", () => remember({ speaker: select.value }));
if (navigator.mediaDevices) void offerSpeakers();
