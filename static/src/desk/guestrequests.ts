/** What the desk asks of the server about guests and colleagues of its consultation. */
import { fetchJson, post, remove } from "../lib/api.ts";
import type { Colleague, GuestRequests } from "./guests.ts";

export const guestRequests = (consultation: string): GuestRequests => {
  const at = (rest: string): string => `/api/consultations/${encodeURIComponent(consultation)}${rest}`;
  return {
    invite: (invitation) => post(at("/guests"), invitation),
    withdraw: (participant) => remove(at(`/guests/${encodeURIComponent(participant)}`)),
    link: (participant) => fetchJson(at(`/guests/${encodeURIComponent(participant)}/link`)),
    send: (participant, channel, address) =>
      post(at(`/guests/${encodeURIComponent(participant)}/link/send`), {
        channel,
        [channel === "sms" ? "mobile" : "email"]: address,
      }),
    colleagues: async () => (await fetchJson<{ colleagues: Colleague[] }>(at("/colleagues"))).colleagues,
    askColleague: ({ id }) => post(at(`/colleagues/${encodeURIComponent(id)}`)),
  };
};
