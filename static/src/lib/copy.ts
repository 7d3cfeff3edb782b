/** Puts text into the clipboard where the browser allows it: only pages over HTTPS, or of this machine, have one. */

export const copyText = async (text: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
};
