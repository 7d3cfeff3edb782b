/** The script beside every page without a live list: it says at once, and rings, when a colleague asks for this person; parts stay live. */
import { computed, type Signal, signal } from "@preact/signals";
import { render } from "preact";
import { $, on } from "../lib/dom.ts";
import { Asked } from "./asked.ts";
import { AskedNotices } from "./askednotices.tsx";
import { Bell } from "./bell.ts";
import { Feed } from "./feed.ts";
import { EVERY_MS, Live } from "./live.ts";
import type { TodayRow } from "./row.ts";
import { walkable } from "./walk.ts";

const TICK_MS = 1000;

const rows: Signal<readonly TodayRow[]> = signal([]);
const asked = new Asked(rows);
const bell = new Bell({ callers: computed(() => asked.asks.value.map(({ key }) => key)) });
const live = new Live();
const feed = new Feed({
  apply: (frame) => {
    rows.value = frame.rows;
    void live.refresh();
  },
});

bell.restore();
render(<AskedNotices asked={asked} />, $("#asked"));
feed.start();
walkable(document.getElementById("week-grid"));
setInterval(() => bell.tick(), TICK_MS);
setInterval(() => void live.refresh(), EVERY_MS);
on(document, "visibilitychange", () => document.hidden || feed.hurry());
on(window, "online", () => feed.hurry());
on(window, "storage", () => asked.recall());
