/** A step of the device check that opens a camera or a microphone: start, choose, and say what is in the way. */
import { $, $$, on } from "../lib/dom.ts";
import {
  close,
  deviceOf,
  listDevices,
  obstacle,
  onDeviceChange,
  permission,
  remember,
  remembered,
  surroundings,
  type Trouble,
  trouble,
} from "../media/devices.ts";
import { adviceFor, browserOf, isHopeless } from "./trouble_words.ts";

type Source = "camera" | "microphone";

/** The element of Chromium that asks again after "Block"; elsewhere it is an unknown element and stays hidden. */
interface UserMediaElement extends HTMLElement {
  stream: MediaStream | null;
  setConstraints?: (constraints: MediaStreamConstraints) => void;
}

export interface StepOptions {
  kind: Source;
  open: (id?: string | null) => Promise<MediaStream>;
  /** Shows what the stream gives; called again after a change of device. */
  show: (stream: MediaStream) => void;
  /** Takes back what `show` did. */
  hide: () => void;
}

export class Step {
  private readonly start = $<HTMLButtonElement>("#start");
  private readonly works = $<HTMLButtonElement>("#works");
  private readonly without = $<HTMLButtonElement>("#without");
  private readonly select = $<HTMLSelectElement>("#device");
  private readonly recover = $<UserMediaElement>("#recover");
  private stream: MediaStream | null = null;
  private opening: Promise<void> = Promise.resolve();

  constructor(private readonly options: StepOptions) {
    on(this.start, "click", () => void this.begin());
    on(this.select, "change", () => void this.choose());
    on(this.recover, "stream", () => this.recovered());
    on(window, "pagehide", () => close(this.stream));
  }

  async run(): Promise<void> {
    const found = obstacle(surroundings());
    if (found) return this.fail(found);
    onDeviceChange(() => void this.deviceChanged());
    const status = await permission(this.options.kind);
    if (status) on(status, "change", () => void this.permissionChanged(status));
    if (status?.state === "granted") return this.begin();
    this.start.hidden = false;
  }

  private begin(id?: string | null): Promise<void> {
    this.opening = this.open(id);
    return this.opening;
  }

  private async open(id?: string | null): Promise<void> {
    this.start.disabled = true;
    try {
      await this.accept(await this.options.open(id));
    } catch (error) {
      this.fail(trouble(error));
    } finally {
      this.start.disabled = false;
    }
  }

  private async accept(stream: MediaStream): Promise<void> {
    if (this.stream !== stream) close(this.stream);
    this.stream = stream;
    for (const track of stream.getTracks()) on(track, "ended", () => this.lost(stream));
    $("#trouble").hidden = true;
    $("#ask").hidden = true;
    const focused = document.activeElement === this.start;
    this.start.hidden = true;
    this.works.hidden = false;
    if (focused) this.works.focus();
    this.options.show(stream);
    await this.list();
  }

  private fail(found: Trouble): void {
    close(this.stream);
    this.stream = null;
    this.options.hide();
    const { title, text, steps } = adviceFor(found, this.options.kind, browserOf(navigator.userAgent));
    $("#trouble-title").textContent = title;
    $("#trouble-text").textContent = text;
    $("#trouble-steps").replaceChildren(...steps.map(listItem));
    $("#trouble-steps").hidden = steps.length === 0;
    $("#ask").hidden = true;
    $("#trouble").hidden = false;
    this.works.hidden = true;
    this.start.hidden = false;
    $("span", this.start).textContent = this.start.dataset.again ?? "";
    this.without.value = found;
    this.offerRecovery(found);
    if (isHopeless(found)) this.giveUp();
    $("#trouble").focus();
  }

  /** No step of this check can help: the phone is the way, and the professional learns why. */
  private giveUp(): void {
    this.start.hidden = true;
    this.without.hidden = true;
    for (const call of $$("#call")) call.hidden = false;
    const form = $<HTMLFormElement>(".answers");
    const body = new URLSearchParams({ step: this.options.kind, result: "unsupported" });
    void fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => undefined);
  }

  private offerRecovery(found: Trouble): void {
    const offered = found === "blocked" && "HTMLUserMediaElement" in window;
    this.recover.hidden = !offered;
    if (offered) this.recover.setConstraints?.(this.options.kind === "camera" ? { video: {} } : { audio: {} });
  }

  private recovered(): void {
    if (this.recover.stream) void this.accept(this.recover.stream);
  }

  /** The answer to our own question is told here, too, and often before it opens anything: then there is nothing more to open. */
  private async permissionChanged(status: PermissionStatus): Promise<void> {
    await this.opening;
    if (status.state === "granted" && !this.stream) await this.begin();
    if (status.state === "denied" && this.stream) this.fail("blocked");
  }

  private async choose(): Promise<void> {
    const id = this.select.value;
    remember({ [this.options.kind]: id });
    await this.begin(id);
  }

  private async list(): Promise<void> {
    const devices = await listDevices(this.options.kind);
    const current = (this.stream && deviceOf(this.stream)) ?? remembered()[this.options.kind];
    this.select.replaceChildren(...devices.map(({ id, label }) => new Option(label, id, false, id === current)));
    $("#choose").hidden = devices.length < 2;
  }

  /** Unplugged: the browser's next best device takes over, and if there is none, that is said. */
  private lost(stream: MediaStream): void {
    if (stream === this.stream) void this.begin(null);
  }

  private async deviceChanged(): Promise<void> {
    if (this.stream) await this.list();
    else if (this.without.value === "missing") await this.begin();
  }
}

const listItem = (text: string): HTMLLIElement => {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
};
