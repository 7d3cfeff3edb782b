/** The call's pane as its page shows it, with as many remotes as the address asks for. */
import { render } from "preact";
import { CallPane } from "../../src/call/pane.tsx";
import { PeopleSheet } from "../../src/call/peoplesheet.tsx";
import { modelOf } from "../../src/call/state.ts";
import { GuestDialogs } from "../../src/desk/guestdialogs.tsx";
import { Guests } from "../../src/desk/guests.ts";
import type { Parts } from "../../src/desk/parts.ts";
import { WaitingGuests } from "../../src/desk/waitingguests.tsx";
import { $ } from "../../src/lib/dom.ts";
import { type LabWish, labCall, labState } from "./fakes.ts";

interface Ask extends LabWish {
  layout: "room" | "desk";
}

const QR =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3H1zM5 1h3v3H5zM1 5h3v3H1zM6 6h2v2H6z"/></svg>';
const ask = JSON.parse(decodeURIComponent(location.hash.slice(1))) as Ask;
const call = labCall(labState(ask));
const model = modelOf(call);
const REFUSED = "00000";

const guests = new Guests({
  requests: {
    invite: async ({ mobile }) => {
      if (mobile === REFUSED) throw new Error("This is not a mobile number.");
      return { id: "g", link: "https://consilium.example.org/j/a-long-secret", qr_svg: QR, sent: ["sms"] };
    },
    withdraw: async (participant) => void call.said.push(["withdraw", participant]),
    link: async () => ({
      link: "https://consilium.example.org/j/a-long-secret",
      qr_svg: QR,
      mobile: "+44 7700 900005",
      email: null,
    }),
    send: async (participant, channel, address) => void call.said.push(["send", { participant, channel, address }]),
    colleagues: async () => [{ id: "bob", name: "Nurse Bob Brown", invited: false }],
    askColleague: async (colleague) => void call.said.push(["askColleague", colleague.id]),
  },
  command: (type, body) => call.command(type, body),
  say: (text) => void call.said.push(["say", text]),
});
const board = { now: { value: Date.UTC(2026, 10, 28, 10, 12) } };
Object.assign(globalThis, { lab: { call, model, guests } });

const Room = () => <CallPane call={call} layout="room" phone={null} />;

/** As on the desk itself, where tabs lead to the others. */
const narrow = matchMedia("(width < 60rem)").matches;

const Desk = () => (
  <div id="desk">
    <header class="desk-head">
      <div class="desk-with">
        <h1>Dana Diaz</h1>
      </div>
    </header>
    <div class="desk-columns">
      <section class="desk-column desk-list" hidden={narrow}>
        <a href="#main">The list</a>
      </section>
      <section class="desk-column desk-call">
        <div class="desk-around">
          <WaitingGuests {...({ model, board, guests } as unknown as Parts)} />
        </div>
        <CallPane
          call={call}
          layout="desk"
          phone={null}
          onLeave={() => undefined}
          onEnd={() => undefined}
          people={<PeopleSheet model={model} hosting={guests} />}
        />
      </section>
      <section class="desk-column desk-note" hidden={narrow}>
        <a href="#main">The note</a>
      </section>
    </div>
    <GuestDialogs guests={guests} />
  </div>
);

document.body.className = ask.layout === "desk" ? "staff desk-page" : "call";
render(ask.layout === "desk" ? <Desk /> : <Room />, $("main"));
