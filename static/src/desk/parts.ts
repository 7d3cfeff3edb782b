/** What every part of the desk is given. */
import type { Signal } from "@preact/signals";
import type { CallModel } from "../call/state.ts";
import type { Actions } from "../today/actions.ts";
import type { Asked } from "../today/asked.ts";
import type { Board } from "../today/board.ts";
import type { Feed } from "../today/feed.ts";
import type { KnownPatient } from "../today/known.ts";
import type { TodayRow } from "../today/row.ts";
import type { Desk } from "./desk.ts";
import type { Guests } from "./guests.ts";
import type { DeskTab } from "./tabs.ts";

export interface DeskBoot {
  /** Where this page gets its tickets. */
  tickets: string;
  /** Our participant id. */
  me: string;
  name: string;
  person_id: string;
  consultation: TodayRow;
  /** Where the notes of the consultation are laid out. */
  notes: string;
  today: string;
  /** Whom the next appointment is booked for. */
  patient_on_record: KnownPatient;
  /** Who may act for the patient, and by what right: a sentence for each. */
  acting: string[];
}

export interface Parts {
  boot: DeskBoot;
  board: Board;
  feed: Feed;
  asked: Asked;
  actions: Actions;
  model: CallModel;
  desk: Desk;
  guests: Guests;
  tab: Signal<DeskTab>;
}

/** The consultation of this desk as the live list has it, or as it was when the page was made. */
export const rowOf = ({ board, boot }: Pick<Parts, "board" | "boot">): TodayRow =>
  board.rows.value.find(({ id }) => id === boot.consultation.id) ?? boot.consultation;
