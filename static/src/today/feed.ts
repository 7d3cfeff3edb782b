/** Keeps a list live over /ws/today and says plainly when it is not. */
import { type Signal, signal } from "@preact/signals";
import { post } from "../lib/api.ts";
import { JsonSocket, type SocketOptions, type SocketState } from "../lib/socket.ts";
import { socketUrl } from "../lib/urls.ts";
import type { TodayFrame } from "./board.ts";

interface TodayEvents {
  today: TodayFrame;
}

type Options = SocketOptions<TodayEvents>;

/** "starting" until the first list or the first failure; "lost" while it tries again; "signed_out" when only a new sign-in helps; "refused" for good. */
export type Line = "starting" | "live" | "lost" | "signed_out" | "refused";

const SIGNED_OUT = 4401;

const fetchTicket = async (): Promise<string> =>
  (await post<{ ticket: string }>("/api/tickets", { purpose: "today" })).ticket;

/** Whoever shows the list. */
interface Listed {
  apply(frame: TodayFrame): void;
}

export class Feed {
  readonly line: Signal<Line> = signal("starting");
  readonly #listed: Listed;
  readonly #socket: JsonSocket<Record<never, never>, TodayEvents>;

  constructor(listed: Listed, changed: Partial<Options> = {}) {
    this.#listed = listed;
    this.#socket = new JsonSocket({
      url: changed.url ?? socketUrl("/ws/today"),
      ticket: fetchTicket,
      hello: (ticket) => ({ ticket }),
      onFrame: (frame) => this.#heard(frame.b),
      onState: (state, ending) => this.#moved(state, ending?.code ?? null),
      ...changed,
    });
  }

  start(): void {
    this.#socket.start();
  }

  /** The network is back, or somebody looks at the page again. */
  hurry(): void {
    this.#socket.hurry();
  }

  #heard(frame: TodayFrame): void {
    this.#listed.apply(frame);
    this.line.value = "live";
  }

  #moved(state: SocketState, code: number | null): void {
    if (state === "retrying") this.line.value = "lost";
    if (state === "closed") this.line.value = code === SIGNED_OUT ? "signed_out" : "refused";
  }
}
