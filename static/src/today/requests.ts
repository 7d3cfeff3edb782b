/** What the Today list asks of the server, one function per endpoint. */
import { post, remove } from "../lib/api.ts";
import type { KnownPatient } from "./known.ts";

export type Channel = "sms" | "email";

export interface Plan {
  patient_name: string;
  /** Null makes a new record. */
  patient_id: string | null;
  mobile: string | null;
  email: string | null;
  team_id: string | null;
  /** ISO 8601; null means now. */
  scheduled_at: string | null;
  duration_min: number;
}

export interface NewLink {
  link: string;
  qr_svg: string;
}

export interface Created extends NewLink {
  id: string;
  desk_url: string;
  sent: Channel[];
}

export interface SaidLate {
  id: string;
  patients: number;
  told_in_s: number;
}

const at = (id: string, rest: string): string => `/api/consultations/${encodeURIComponent(id)}${rest}`;

export const requests = {
  create: (plan: Plan): Promise<Created> => post("/api/consultations", plan),
  reissue: (id: string): Promise<NewLink> => post(at(id, "/link")),
  revoke: (id: string): Promise<void> => remove(at(id, "/link")),
  send: (id: string, channel: Channel): Promise<void> => post(at(id, "/link/send"), { channel }),
  message: (id: string, body: string): Promise<void> => post(at(id, "/messages"), { body }),
  hold: (id: string, body: string | null): Promise<void> => post(at(id, "/hold"), { body }),
  refuse: (id: string, reason: string): Promise<void> => post(at(id, "/refuse"), { reason }),
  late: (minutes: number): Promise<SaidLate> => post("/api/late", { minutes }),
  takeBackLate: (id: string): Promise<void> => remove(`/api/late/${encodeURIComponent(id)}`),
};

/** Records whose name holds these letters, of consultations that the reader may see. */
export const searchPatients = async (letters: string): Promise<KnownPatient[]> =>
  (await post<{ patients: KnownPatient[] }>("/api/patients/search", { letters })).patients;

export type Requests = typeof requests;
