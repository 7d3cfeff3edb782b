/** Counts what was sent and what the server has on disk: the only source of the word "saved". */

export class Ledger {
  #sent = 0;
  #stored = 0;
  #dirty = false;

  /** Whether something typed here is not known to be on the server's disk. */
  get dirty(): boolean {
    return this.#dirty;
  }

  /** Whether every message of this connection has been answered. */
  get even(): boolean {
    return this.#sent === this.#stored;
  }

  typed(): void {
    this.#dirty = true;
  }

  sent(): void {
    this.#sent += 1;
  }

  /** The server's count starts anew with each connection; what was on its way is not known to have arrived. */
  reconnected(): void {
    this.#sent = 0;
    this.#stored = 0;
  }

  /** The first `count` messages of this connection are stored. `complete`: this connection has sent all that the server lacked. */
  stored(count: number, complete: boolean): void {
    this.#stored = count;
    if (complete && this.even) this.#dirty = false;
  }
}
