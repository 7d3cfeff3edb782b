/** The list of free times: where the clock of the device shows another time than the practice's, the page comes again with both. */
import "./form.ts";
import { boot } from "../lib/boot.ts";
import { ownZone } from "../lib/i18n.ts";
import { sameClock } from "./moments.ts";

interface Boot {
  zone: string;
  at: string;
}

const { zone, at } = boot<Boot>();
const here = new URL(location.href);

// Asked once: whoever chose a zone, or was given one, keeps it. A page that answers a form stays, or what was sent is lost.
if (
  here.searchParams.get("zone") === null &&
  !document.querySelector("[data-errors]") &&
  !sameClock(at, zone, ownZone())
) {
  here.searchParams.set("zone", ownZone());
  location.replace(here);
}
