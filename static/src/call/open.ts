/** Opens the call of a page with the browser's own socket, tickets and devices. */
import { post } from "../lib/api.ts";
import { keepOff, switchedOff } from "../lib/prefs.ts";
import { socketUrl } from "../lib/urls.ts";
import { openCamera, openMicrophone, remembered, trouble } from "../media/devices.ts";
import { Call } from "./client.ts";

export interface CallPlace {
  /** Where this page gets its tickets. */
  tickets: string;
  /** Our participant id. */
  me: string;
  /** Take a place in the call at once: the professional whose consultation it is. */
  seat?: boolean;
}

const openScreen = (): Promise<MediaStream> =>
  navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: false });

export const openCall = ({ tickets, me, seat }: CallPlace): Call => {
  const { camera, microphone } = remembered();
  return new Call({
    url: socketUrl("/ws/room"),
    ticket: async () => (await post<{ ticket: string }>(tickets, { purpose: "room" })).ticket,
    me,
    openers: { camera: openCamera, microphone: openMicrophone, screen: openScreen, trouble },
    chosen: { camera, microphone },
    off: switchedOff(me),
    onOff: (off) => keepOff(me, off),
    seat: seat ?? false,
    files: tickets.replace("api/consultations", "desk").replace("tickets", "call-files"),
  });
};
