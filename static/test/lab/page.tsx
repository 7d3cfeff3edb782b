/** The call's pane as its page shows it, with as many remotes as the address asks for. */
import { render } from "preact";
import { CallPane } from "../../src/call/pane.tsx";
import { modelOf } from "../../src/call/state.ts";
import { $ } from "../../src/lib/dom.ts";
import { type LabWish, labCall, labState } from "./fakes.ts";

interface Ask extends LabWish {
  layout: "room" | "desk";
}

const ask = JSON.parse(decodeURIComponent(location.hash.slice(1))) as Ask;
const call = labCall(labState(ask));
const model = modelOf(call);
Object.assign(globalThis, { lab: { call, model } });

const Room = () => <CallPane call={call} layout="room" phone={null} />;

const Desk = () => (
  <div id="desk">
    <header class="desk-head">
      <div class="desk-with">
        <h1>Dana Diaz</h1>
      </div>
    </header>
    <div class="desk-columns">
      <section class="desk-column desk-list">The list</section>
      <section class="desk-column desk-call">
        <CallPane call={call} layout="desk" phone={null} onLeave={() => undefined} onEnd={() => undefined} />
      </section>
      <section class="desk-column desk-note">The note</section>
    </div>
  </div>
);

document.body.className = ask.layout === "desk" ? "staff desk-page" : "call";
render(ask.layout === "desk" ? <Desk /> : <Room />, $("main"));
