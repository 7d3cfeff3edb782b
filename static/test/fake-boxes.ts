/** Storage of a browser that is an array, with tabs that hold parts of it. */
import type { Box, Boxes } from "../src/notes/boxes.ts";

export const SECRET = btoa("s".repeat(32));
export const OTHER_SECRET = btoa("o".repeat(32));

export class FakeBoxes implements Boxes {
  kept: Box[] = [];
  /** Records that some tab holds. */
  readonly held = new Set<number>();
  full = false;
  #told = (): void => {};

  /** Resolves at the next change of what is kept. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#told = resolve;
    });
  }

  async all(): Promise<Box[]> {
    return [...this.kept];
  }

  async count(): Promise<number> {
    return this.kept.length;
  }

  async put(box: Box): Promise<void> {
    if (this.full) throw new Error("full");
    await this.drop(box.note, box.client);
    this.kept.push(box);
    this.#told();
  }

  async drop(note: string, client: number): Promise<void> {
    this.kept = this.kept.filter((box) => box.note !== note || box.client !== client);
    this.#told();
  }

  async clear(): Promise<void> {
    this.kept = [];
    this.#told();
  }

  async take(_note: string, client: number): Promise<boolean> {
    if (this.held.has(client)) return false;
    this.held.add(client);
    return true;
  }

  release(_note: string, client: number): void {
    this.held.delete(client);
  }
}
