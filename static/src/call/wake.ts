/** Keeps the screen awake while somebody waits or talks; a hidden page loses the lock, so it is asked for again. */

export class WakeLock {
  #wanted = false;
  #lock: WakeLockSentinel | null = null;

  want(wanted: boolean): void {
    this.#wanted = wanted;
    void this.renew();
  }

  /** To be called when the page is looked at again. */
  async renew(): Promise<void> {
    if (!this.#wanted) return this.#release();
    if (!("wakeLock" in navigator) || document.hidden || this.#lock?.released === false) return;
    // A phone that saves its battery refuses; the screen then goes dark, nothing else is lost.
    this.#lock = await navigator.wakeLock.request("screen").catch(() => null);
  }

  async #release(): Promise<void> {
    await this.#lock?.release().catch(() => undefined);
    this.#lock = null;
  }
}
