/** The middle of the desk while we are not in the call: what is the matter, and what can be done. */
import type { ComponentChildren } from "preact";
import { Log, Writer } from "../call/chat.tsx";
import { Camera, Mute } from "../call/controls.tsx";
import { Avatar } from "../call/picture.tsx";
import { SelfView } from "../call/self.tsx";
import { deviceWords } from "../call/words.ts";
import { t } from "../lib/i18n.ts";
import { Icon } from "../lib/icon.tsx";
import type { RowDialog } from "../today/actions.ts";
import { type Parts, rowOf } from "./parts.ts";
import { Ring } from "./ring.tsx";
import { hasRoom, type Scene } from "./scene.ts";
import { cutOff, explanation, headline, SPOKEN } from "./words.ts";

/** Scenes in which the patient can read what we write, now or when they come. */
const WRITABLE: ReadonlySet<Scene> = new Set(["early", "waiting", "refused", "gone", "outside"]);

/** The device check of the patient, each result on its own. */
const Checked = (parts: Parts) => {
  const { devices } = rowOf(parts);
  if (devices === null) return null;
  return (
    <ul class="desk-checked" aria-label={t("Device check of the patient")}>
      {devices.split(" · ").map((result) => (
        <li key={result}>{result}</li>
      ))}
    </ul>
  );
};

const RowAction = ({ kind, children, ...parts }: Parts & { kind: RowDialog; children: ComponentChildren }) => (
  <button type="button" class="button" onClick={() => parts.actions.open({ kind, row: rowOf(parts) })}>
    {children}
  </button>
);

const Admit = ({ desk }: Parts) => (
  <button
    type="button"
    class="button primary desk-admit"
    aria-disabled={desk.busy.value}
    onClick={() => void desk.admit()}
  >
    <Icon name="video" />
    {t("Admit")}
  </button>
);

/** Two ways into a call that goes on without us. */
const Join = ({ desk, model }: Parts) =>
  hasRoom(model.state.value) ? (
    <>
      <button type="button" class="button primary" aria-disabled={desk.busy.value} onClick={() => void desk.join()}>
        <Icon name="video" />
        {t("Join the call")}
      </button>
      <button
        type="button"
        class="button"
        aria-disabled={desk.busy.value}
        aria-describedby="quietly"
        onClick={() => void desk.join(true)}
      >
        <Icon name="ear" />
        {t("Join quietly")}
      </button>
      <p class="soft small desk-quietly" id="quietly">
        {t("Quietly: you see and hear, and everybody sees that you are here.")}
      </p>
    </>
  ) : null;

const Link = (parts: Parts) => {
  const row = rowOf(parts);
  const dead = row.link.state === "revoked" || row.link.state === "expired";
  const reachable = row.phone !== null || row.email !== null;
  return (
    <>
      {!dead && reachable && (
        <RowAction {...parts} kind="send">
          {t("Send link again")}
        </RowAction>
      )}
      <RowAction {...parts} kind="reissue">
        {t("New link")}
      </RowAction>
    </>
  );
};

const End = ({ desk, primary = false }: Parts & { primary?: boolean }) => (
  <button type="button" class={primary ? "button primary" : "button"} onClick={() => desk.open("part")}>
    {t("End the consultation")}
  </button>
);

const Doings = ({ scene, ...parts }: Parts & { scene: Scene }) => {
  switch (scene) {
    case "waiting":
      return (
        <>
          <Admit {...parts} />
          <RowAction {...parts} kind="hold">
            {t("Let wait longer")}
          </RowAction>
          <RowAction {...parts} kind="refuse">
            {t("Can’t see now")}
          </RowAction>
        </>
      );
    case "refused":
      return <Admit {...parts} />;
    case "outside":
      return <Join {...parts} />;
    case "unable":
      return <Ring {...parts} />;
    case "early":
      return (
        <>
          <Link {...parts} />
          <End {...parts} />
        </>
      );
    case "gone":
      return (
        <>
          <End {...parts} primary />
          <Link {...parts} />
        </>
      );
    default:
      return null;
  }
};

/** What stands here may be out of date, and nothing can be ordered, until the server is back. */
const CutOff = (parts: Parts) => (
  <div class="desk-cut-off" role="status">
    {cutOff(parts) && (
      <p class="callout warn row">
        <Icon name="wifi-off" />
        {t("No connection to the server. We keep trying; you need not load the page again.")}
      </p>
    )}
  </div>
);

/** Our own picture before the call: only we see it. */
const Ready = ({ model }: Parts) => {
  const { local } = model.state.value;
  const wanted = local.track.camera !== null || local.track.microphone !== null || deviceWords(local) !== null;
  if (!wanted) return null;
  return (
    <div class="desk-ready">
      <SelfView model={model} />
      <p class="desk-ready-words">{deviceWords(local) ?? t("Only you see this until you admit.")}</p>
      <div class="controls">
        <Mute model={model} />
        <Camera model={model} />
      </div>
    </div>
  );
};

const emptyWords = (scene: Scene, name: string): string =>
  scene === "outside"
    ? t("Nothing has been written yet.")
    : t("You can write to {name} here, also before you admit them.", { name });

const Chat = ({ model, scene, name }: { model: Parts["model"]; scene: Scene; name: string }) => (
  <section class="desk-chat" aria-label={t("Messages with {name}", { name })}>
    <Log model={model} empty={emptyWords(scene, name)} />
    <Writer model={model} focus={false} />
  </section>
);

export const Lobby = (parts: Parts) => {
  const { desk, model } = parts;
  const scene = desk.scene.value;
  const { patient_name: name } = rowOf(parts);
  return (
    <div class="lobby" data-scene={scene}>
      <div class="stage lobby-stage">
        <Avatar name={name}>
          <h2>{headline(scene, parts)}</h2>
          <p {...(SPOKEN.has(scene) ? { role: "status" } : {})}>{explanation(scene, parts)}</p>
          <Checked {...parts} />
        </Avatar>
        {scene === "waiting" && <Ready {...parts} />}
      </div>
      <div class="desk-doings">
        <CutOff {...parts} />
        <Doings {...parts} scene={scene} />
      </div>
      {WRITABLE.has(scene) && <Chat model={model} scene={scene} name={name} />}
    </div>
  );
};
