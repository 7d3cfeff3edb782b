/** The welcome page: the time where the patient is, the time that is left, and a first look at the browser. */
import { boot } from "../lib/boot.ts";
import { $ } from "../lib/dom.ts";
import { formatDate, formatTimeWithZone, ownZone, t } from "../lib/i18n.ts";
import { obstacle, surroundings } from "../media/devices.ts";
import { sameClock, untilWords } from "./moments.ts";
import { adviceFor, browserOf } from "./trouble_words.ts";

interface Boot {
  scheduled_at: string;
  opens_at: string;
  zone: string;
  now: string;
  early: boolean;
}

const EVERY_MS = 15_000;
const { scheduled_at, opens_at, zone, now, early } = boot<Boot>();
/** The server's clock: a phone's may be wrong. */
const skewMs = Date.parse(now) - Date.now();
const serverMs = (): number => Date.now() + skewMs;

const tellOwnTime = (): void => {
  if (sameClock(scheduled_at, zone, ownZone())) return;
  const values = { day: formatDate(scheduled_at), time: formatTimeWithZone(scheduled_at) };
  $("#own-time").textContent = t("Where you are: {day}, {time}", values);
  $("#own-time").hidden = false;
};

const countDown = (): void => {
  $("#countdown").textContent = untilWords(Date.parse(scheduled_at) - serverMs());
  $("#countdown").hidden = false;
  if (early && serverMs() >= Date.parse(opens_at)) location.reload();
};

const lookAtBrowser = (): void => {
  const found = obstacle(surroundings());
  if (!found) return;
  const { title, text, steps } = adviceFor(found, "camera", browserOf(navigator.userAgent));
  $("#obstacle strong").textContent = title;
  $("#obstacle p").textContent = [text, ...steps].join(" ");
  $("#obstacle").hidden = false;
};

tellOwnTime();
countDown();
lookAtBrowser();
setInterval(countDown, EVERY_MS);
