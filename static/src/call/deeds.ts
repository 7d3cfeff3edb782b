/** What buttons of the call do beyond one command: sharing, the small window. */
import { t } from "../lib/i18n.ts";
import type { CallModel } from "./state.ts";

export const canShare = (): boolean => Boolean(navigator.mediaDevices?.getDisplayMedia);

/** The browser asks what to show; to change one's mind there is no trouble. */
export const toggleSharing = ({ call, state, sheet, trouble }: CallModel): void => {
  sheet.value = null;
  if (state.value.local.screen) call.media.stopSharing();
  else
    void call.share().catch((error: Error) => {
      if (error.name !== "NotAllowedError") trouble.value = t("Your screen could not be shared.");
    });
};

/** The other's picture, or the large one, in a window that floats over other programs; once more brings it back. */
export const floatPicture = async (): Promise<void> => {
  const video = document.querySelector<HTMLVideoElement>(".stage video.remote");
  if (document.pictureInPictureElement) await document.exitPictureInPicture();
  else await video?.requestPictureInPicture().catch(() => undefined);
};
