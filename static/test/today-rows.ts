/** Rows for the tests of the Today list. */
import type { TodayRow } from "../src/today/row.ts";

export const NOW = "2026-11-23T10:00:00Z";

export const rowOf = (id: string, changed: Partial<TodayRow> = {}): TodayRow => ({
  id,
  patient_name: "Dana Diaz",
  booked_as: null,
  companion: null,
  professional_name: "Dr Alice Ahmed",
  team_name: "North",
  invited_by: null,
  invited_at: null,
  mine: true,
  scheduled_at: NOW,
  duration_min: 20,
  state: "scheduled",
  stage: "not_arrived",
  waiting_since: null,
  present: true,
  devices: null,
  link: { state: "ready" },
  desk_url: `/desk/${id}`,
  phone: "+44 20 7946 0991",
  email: null,
  sms_to: "+44 20 7946 0991",
  email_to: null,
  ...changed,
});

export const waitingRow = (id: string, since: string): TodayRow =>
  rowOf(id, { state: "waiting", stage: "waiting", waiting_since: since });
