/** The patient's page: waiting room, then the call, then on to the page after it. */
import { computed, effect } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import { boot } from "../lib/boot.ts";
import { $, announce, on } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import { telUrl } from "../lib/urls.ts";
import { obstacle, remembered, surroundings } from "../media/devices.ts";
import { attend } from "./attend.ts";
import type { Call } from "./client.ts";
import { isTalking, type Phase } from "./machine.ts";
import { openCall } from "./open.ts";
import { CallPane } from "./pane.tsx";
import { type CallModel, modelOf } from "./state.ts";
import { Summons } from "./summons.ts";
import { Title, Waiting } from "./waiting.tsx";
import { interruptedWords } from "./words.ts";

interface RoomBoot {
  tickets: string;
  me: string;
  professional: string;
  practice: string;
  phone: string | null;
  after: string;
}

const Phone = ({ number }: { number: string }) => (
  <a class="nowrap" dir="ltr" href={telUrl(number)}>
    {number}
  </a>
);

/** The same frame as the patient's other pages: the practice on top, the phone number below. */
const Frame = ({ page, children }: { page: RoomBoot; children: ComponentChildren }) => (
  <div class="visit room-frame">
    <header class="brand">
      <span class="mark" aria-hidden="true">
        <Icon name="heart" />
      </span>
      <p>{page.practice}</p>
    </header>
    <div class="page stack">{children}</div>
    <footer class="help">
      {page.phone === null ? null : (
        <p>
          <Icon name="phone" />
          <span>
            {t("Do you need help? Call {practice}:", { practice: page.practice })} <Phone number={page.phone} />
          </span>
        </p>
      )}
    </footer>
  </div>
);

const Plain = ({ page, title, children }: { page: RoomBoot; title: string; children?: ComponentChildren }) => (
  <Frame page={page}>
    <Title>{title}</Title>
    {children}
  </Frame>
);

const Leave = ({ call }: { call: Call }) => (
  <button type="button" class="button" onClick={() => void call.leave()}>
    {t("Leave")}
  </button>
);

const Refused = ({ page, model }: { page: RoomBoot; model: CallModel }) => (
  <Plain page={page} title={t("You cannot join at the moment")}>
    {model.state.value.refusal ? (
      <div class="callout warn">
        <strong>{t("{name} writes:", { name: page.professional })}</strong>
        <p dir="auto">{model.state.value.refusal}</p>
      </div>
    ) : null}
    <p>{t("If this changes, the call begins here by itself. You can also close this page.")}</p>
    <Leave call={model.call} />
  </Plain>
);

const Again = ({ call, children }: { call: Call; children: string }) => (
  <button type="button" class="button primary wide" onClick={() => void call.again()}>
    {children}
  </button>
);

const Room = ({ page, model, summons }: { page: RoomBoot; model: CallModel; summons: Summons }) => {
  const { call } = model;
  const { phase, line, ending } = model.state.value;
  if (isTalking(phase)) return <CallPane call={call} layout="room" phone={page.phone} />;
  if (phase === "refused") return <Refused page={page} model={model} />;
  if (phase === "replaced")
    return (
      <Plain page={page} title={t("This call is open in another window")}>
        <p>{t("It can be in one window only.")}</p>
        <Again call={call}>{t("Use here")}</Again>
      </Plain>
    );
  if (phase === "failed")
    return (
      <Plain page={page} title={t("The waiting room is not available")}>
        <p>{ending?.message || t("Please open the link that you received once more.")}</p>
        <Again call={call}>{t("Try again")}</Again>
      </Plain>
    );
  if (phase !== "waiting")
    return (
      <Plain page={page} title={phase === "connecting" ? t("Opening the waiting room…") : t("One moment…")}>
        <span class="spinner" aria-hidden="true" />
        <p role="status">{line === "retrying" ? interruptedWords() : ""}</p>
      </Plain>
    );
  return (
    <Frame page={page}>
      <Waiting model={model} summons={summons} name={page.professional} onLeave={() => void call.leave()} />
    </Frame>
  );
};

const NoCalls = ({ page }: { page: RoomBoot }) => (
  <Plain page={page} title={t("This browser cannot make video calls")}>
    <p>{t("Please open your link in a current version of Chrome, Edge, Firefox or Safari.")}</p>
    {page.phone === null ? null : (
      <p>
        {t("Or call {practice}:", { practice: page.practice })} <Phone number={page.phone} />
      </p>
    )}
  </Plain>
);

/** Called out of the wait: by sound, vibration and title, and aloud at once. */
const summonWhenCalled = ({ state }: CallModel, summons: Summons, name: string): void => {
  let before = state.peek().phase;
  effect(() => {
    const { phase } = state.value;
    if (phase === "called" && (before === "waiting" || before === "refused")) {
      const words = t("{name} is ready for you.", { name });
      summons.call(words);
      announce(words, "assertive");
    }
    before = phase;
  });
  on(document, "visibilitychange", () => document.hidden || summons.seen());
};

/** Left or ended: the next page says how it goes on. */
const goOn = ({ state, call }: CallModel, after: string): void => {
  effect(() => {
    const { phase } = state.value;
    if (phase === "left") void call.left.then(() => location.replace(after));
    if (phase === "ended") location.replace(after);
  });
};

const titleOf = (phase: Phase, name: string): string => {
  if (isTalking(phase)) return t("Call with {name}", { name });
  return phase === "refused" ? t("You cannot join at the moment") : t("Waiting room");
};

/** Set when it changes and not oftener: the summons flashes there. */
const entitle = ({ state }: CallModel, { professional, practice }: RoomBoot): void => {
  const title = computed(() => titleOf(state.value.phase, professional));
  effect(() => {
    document.title = `${title.value} – ${practice}`;
  });
};

const begin = (page: RoomBoot): void => {
  const call = openCall(page);
  const model = modelOf(call);
  const summons = new Summons();
  model.host.value = page.professional;
  attend(model);
  entitle(model, page);
  summonWhenCalled(model, summons, page.professional);
  goOn(model, page.after);
  render(<Room page={page} model={model} summons={summons} />, $("#room"));
  call.start();
  void call.prepare({ camera: !remembered().withoutCamera, microphone: true });
};

const start = (): void => {
  const page = boot<RoomBoot>();
  $("#room").replaceChildren();
  if (obstacle(surroundings()) === null) begin(page);
  else render(<NoCalls page={page} />, $("#room"));
};

start();
