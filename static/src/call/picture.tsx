/** Pictures and sound of a call: a muted <video> and an <audio> for each remote, so that a browser that holds back sound still shows the picture. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { CallModel } from "./state.ts";
import { initials } from "./words.ts";

/** Phones stop all sound for a telephone call, and do not go on with it; some refuse to at once. */
const PAUSE_MS = 1_000;

interface PictureProps {
  stream: MediaStream | null;
  class?: string;
}

export const Picture = ({ stream, class: kind }: PictureProps) => {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    video.srcObject = stream;
    if (stream) void video.play().catch(() => undefined);
  }, [stream]);
  return <video ref={element} class={kind} autoPlay playsInline muted />;
};

/** A stream of its own for one track, the same as long as the track is. */
export const useTrackStream = (track: MediaStreamTrack | null): MediaStream | null =>
  useMemo(() => (track ? new MediaStream([track]) : null), [track]);

const route = (audio: HTMLAudioElement, speaker: string | null): void => {
  // A loudspeaker that was unplugged is no reason for silence: the browser then keeps the default.
  if (speaker !== null && "setSinkId" in audio) void audio.setSinkId(speaker).catch(() => undefined);
};

const play = (audio: HTMLAudioElement, { silent }: CallModel): void => {
  audio.play().then(
    () => {
      silent.value = false;
    },
    (error: Error) => {
      if (error.name === "NotAllowedError") silent.value = true;
    },
  );
};

export const Sound = ({ model, stream }: { model: CallModel; stream: MediaStream }) => {
  const element = useRef<HTMLAudioElement>(null);
  const speaker = model.speaker.value;
  const { microphone } = model.state.value.local.track;
  useEffect(() => {
    const audio = element.current;
    if (!audio) return;
    audio.srcObject = stream;
    play(audio, model);
  }, [stream, model]);
  useEffect(() => {
    // Firefox knows loudspeakers only once the microphone is allowed.
    if (element.current) route(element.current, speaker);
  }, [speaker, microphone]);
  const goOn = () => {
    if (element.current?.paused) play(element.current, model);
  };
  // biome-ignore lint/a11y/useMediaCaption: it is a live voice; the chat is for those who cannot hear it
  return <audio ref={element} class="remote-sound" autoPlay onPause={() => setTimeout(goOn, PAUSE_MS)} />;
};

const focused = (button: HTMLButtonElement | null): void => button?.focus();

/** The browser lets sound through only after a tap. */
export const TapToHear = ({ model }: { model: CallModel }) => {
  const hear = () => {
    for (const audio of document.querySelectorAll<HTMLAudioElement>(".remote-sound")) play(audio, model);
  };
  return model.silent.value ? (
    <button type="button" class="tap" ref={focused} onClick={hear}>
      <Icon name="volume-2" />
      {t("Tap to hear")}
    </button>
  ) : null;
};

export const Avatar = ({ name, children }: { name: string; children?: ComponentChildren }) => (
  <div class="stage-person">
    <span class="stage-avatar" aria-hidden="true">
      {initials(name)}
    </span>
    {children}
  </div>
);
