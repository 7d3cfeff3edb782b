/** What is set on the sender of our picture: how much it may send, and that it begins anew. */
import type { Rung } from "./policy.ts";

/** Not in the type library yet, nor in every browser; where it is unknown the second argument is ignored. */
interface SetParameters {
  setParameters(
    parameters: RTCRtpSendParameters,
    options?: { encodingOptions: { keyFrame: boolean }[] },
  ): Promise<void>;
}

/** A browser that refuses keeps what it had: the picture goes on, only less well fitted to the line. */
const change = async (sender: RTCRtpSender, edit: (parameters: RTCRtpSendParameters) => void, keyFrame: boolean) => {
  const parameters = sender.getParameters();
  if (parameters.encodings.length === 0) return;
  edit(parameters);
  const encodingOptions = parameters.encodings.map(() => ({ keyFrame }));
  await (sender as SetParameters).setParameters(parameters, { encodingOptions }).catch(() => {});
};

export const limitPicture = (sender: RTCRtpSender, rung: Rung, screen: boolean): Promise<void> =>
  change(
    sender,
    (parameters) => {
      Object.assign(parameters.encodings[0] ?? {}, rung);
      parameters.degradationPreference = screen ? "maintain-resolution" : "balanced";
    },
    false,
  );

/** After a gap the other browser would look for the lost frames for three seconds before it asks for a whole picture. */
export const wholePicture = (sender: RTCRtpSender): Promise<void> => change(sender, () => {}, true);
