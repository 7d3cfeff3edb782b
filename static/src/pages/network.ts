/** The connection step: measures, says the result in words, and never stands in the way. */
import { boot } from "../lib/boot.ts";
import { $ } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { socketUrl } from "../lib/urls.ts";
import { type Grade, grade } from "./grade.ts";
import { packetsPass, roundTrip, socketOpens, speed } from "./probe.ts";

interface Boot {
  probe: string;
  socket: string;
  ice: RTCIceServer[];
}

const WORDS: Record<Grade, () => [title: string, text: string]> = {
  good: () => [t("Your connection is good"), t("Pictures and sound will travel well.")],
  fair: () => [t("Your connection is all right"), t("Stay close to your Wi-Fi, and pause other videos or downloads.")],
  weak: () => [
    t("Your connection is weak"),
    t("You can go on. If the picture stops, sound alone often still works. Being closer to your Wi-Fi helps."),
  ],
  narrow: () => [
    t("Your network may stop video calls"),
    t("You can try. If it does not work, switch to mobile data or another Wi-Fi, or call the practice."),
  ],
  unknown: () => [
    t("We could not test your connection"),
    t("You can go on. If it does not work, please call the practice."),
  ],
};
const TONES: Record<Grade, string> = { good: "good", fair: "good", weak: "warn", narrow: "warn", unknown: "warn" };

const { probe, socket, ice } = boot<Boot>();
const progress = $<HTMLProgressElement>("#progress");

const advance = <T>(result: T): T => {
  progress.value += 1;
  return result;
};

const measure = async () => {
  const rttMs = await roundTrip(probe).then(advance);
  const kbitPerS = rttMs === null ? null : await speed(probe, rttMs).then(advance);
  const open = await socketOpens(socketUrl(socket)).then(advance);
  const packets = await packetsPass(ice).then(advance);
  return { rttMs, kbitPerS, socket: open, packets };
};

const tell = (found: Grade): void => {
  const [title, text] = WORDS[found]();
  $("#verdict").classList.add(TONES[found]);
  $("#verdict-title").textContent = title;
  $("#verdict-text").textContent = text;
  $<HTMLInputElement>("#result").value = found;
  progress.hidden = true;
};

progress.value = 0;
progress.hidden = false;
void measure().then((measured) => tell(grade(measured)));
