/** Keeps the list of today still while a dialog is open over it. */
import { useEffect } from "preact/hooks";
import type { Board } from "./board.ts";

export const useHeld = (board: Board, dialog: boolean): void =>
  useEffect(() => {
    if (!dialog) return;
    board.hold("dialog");
    return () => board.release("dialog");
  }, [dialog, board]);
