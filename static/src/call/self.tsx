/** Our own picture, small, as in a mirror; on a phone a button turns to the other camera. */
import { useEffect, useState } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { type Device, listDevices } from "../media/devices.ts";
import { Picture, useTrackStream } from "./picture.tsx";
import type { CallModel } from "./state.ts";

const facesAway = (track: MediaStreamTrack | null): boolean => track?.getSettings().facingMode === "environment";

const useCameras = (track: MediaStreamTrack | null): Device[] => {
  const [cameras, setCameras] = useState<Device[]>([]);
  useEffect(() => {
    if (track) void listDevices("camera").then(setCameras);
  }, [track]);
  return cameras;
};

const nextOf = (cameras: Device[], track: MediaStreamTrack): Device | undefined => {
  const now = cameras.findIndex(({ id }) => id === track.getSettings().deviceId);
  return cameras[(now + 1) % cameras.length];
};

const isPhone = (): boolean => matchMedia("(pointer: coarse)").matches;

const Turn = ({ model, track }: { model: CallModel; track: MediaStreamTrack }) => {
  const cameras = useCameras(track);
  if (cameras.length < 2 || !isPhone()) return null;
  const turn = () => void model.call.media.choose("camera", nextOf(cameras, track)?.id ?? null);
  return (
    <button type="button" class="turn" aria-label={t("Turn to the other camera")} onClick={turn}>
      <Icon name="switch-camera" />
    </button>
  );
};

export const SelfView = ({ model }: { model: CallModel }) => {
  const { local } = model.state.value;
  const track = local.screenTrack ?? local.track.camera;
  const stream = useTrackStream(track);
  const mirrored = local.screenTrack === null && !facesAway(track);
  return (
    <figure class={`self ${stream ? "" : "dark"}`}>
      {stream ? <Picture stream={stream} class={mirrored ? "mirrored" : ""} /> : <Icon name="video-off" />}
      <figcaption>
        {local.mic ? null : <Icon name="mic-off" />}
        {local.screen ? t("Your screen") : stream ? t("You") : t("Your camera is off")}
      </figcaption>
      {track && local.screenTrack === null ? <Turn model={model} track={track} /> : null}
    </figure>
  );
};
