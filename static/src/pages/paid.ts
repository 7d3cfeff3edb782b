/**
 * The page that waits for a payment to be known: looks again every few seconds, and loads anew only once there is something else to see,
 * so that nobody is torn out of what they read. Without this script there is a link for it.
 */
import "./form.ts";

const EVERY_MS = 5000;

/** Whether the server still has nothing else to say; an answer that does not come is asked for again. */
async function stillWaits(): Promise<boolean> {
  try {
    const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    return answer.status >= 500 || (answer.ok && (await answer.text()).includes("data-waiting"));
  } catch {
    return true;
  }
}

async function lookAgain(): Promise<void> {
  if (await stillWaits()) setTimeout(lookAgain, EVERY_MS);
  else location.reload();
}

setTimeout(lookAgain, EVERY_MS);
