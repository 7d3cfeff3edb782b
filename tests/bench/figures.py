"""The figures of the benches: their names, what each must hold to, and how they are printed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

MUSTS = {
    "start_s": 60, "restart_s": 3,
    "join_ms": 1500, "join_firefox_ms": 1500, "admit_first_frame_ms": 1000,
    "kill_media_gap_ms": 500, "signalling_back_s": 3,
    "stall_told_s": 2, "frames_back_s": 4,
    "lost_after_saved": 0, "seen_p50_ms": 5, "seen_p99_ms": 50, "ack_p99_ms": 40,
    "cpu_vs_hocuspocus": 0.80, "cpu_vs_hocuspocus_cursors": 0.60, "memory_vs_hocuspocus": 0.6,
    "seen_p50_vs_fanout": 2.0, "open_10k_ms": 10, "fuzz_exits": 0, "fuzz_unanswered": 0,
    "revoke_p99_ms": 250, "revoke_lost_hint_s": 2, "revoke_run_out_s": 2,
    "first_paint_ms": 1500, "first_page_bytes": 30_000,
    "cpu_vs_janus": 0.40, "packets_per_core": 60_000, "added_p50_ms": 0.5, "added_p99_ms": 5, "setup_ms": 15, "memory_vs_janus": 1.0,
    "errands_lost": 0, "export_s": 10, "uncovered_tables": 0, "rights_matrix_leaks": 0,
    "switch_freeze_ms": 300, "engine_kill_recover_ms": 3000, "ice_restart_ms": 1500, "freezes_30s": 2,
    "flood_added_p99_ms": 50,
    "slots_8_weeks_ms": 5, "slots_team_ms": 25, "day_page_p95_ms": 50,
    **{f"audit_append_ms_{database}": 1 for database in ("sqlite", "postgresql")},
    **{f"audit_verify_s_{database}": 2 for database in ("sqlite", "postgresql")},
    **{f"audit_missed_{database}": 0 for database in ("sqlite", "postgresql")},
    **{f"run_{kind}_slot_{database}_s": 5 for kind in ("one", "team") for database in ("sqlite", "postgresql")},
    **{f"winners_{kind}_slot_{database}": 1 for kind in ("one", "team") for database in ("sqlite", "postgresql")},
    **{f"not_told_{kind}_slot_{database}": 0 for kind in ("one", "team") for database in ("sqlite", "postgresql")},
    **{f"{fault}_{database}": 0 for fault in ("payment_races_inconsistent", "ledger_sum") for database in ("sqlite", "postgresql")},
    **{f"{fault}_{database}": 0 for fault in ("double_booked", "orphan_holds", "gave_up") for database in ("sqlite", "postgresql")},
}  # fmt: skip
BETTER_HIGHER = {"packets_per_core"}


@dataclass(frozen=True)
class Figure:
    """One line `name value unit`, better when it is lower, but for BETTER_HIGHER. `value` is None for what this tree cannot measure."""

    name: str
    value: float | None
    unit: str

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.name} not run"
        shown = f"{self.value:.2f}" if self.unit == "s" or (self.value < 10 and self.value % 1) else f"{self.value:.0f}"
        return f"{self.name} {shown} {self.unit}"

    @property
    def verdict(self) -> str:
        """`must 3: ok`, or nothing where no must is set."""
        must = MUSTS.get(self.name)
        if must is None:
            return ""
        return f"must {must}: {self._held(must)}"

    def _held(self, must: float) -> str:
        if self.value is None:
            return "not run"
        if self.name in BETTER_HIGHER:
            return "ok" if self.value >= must else "under"
        return "ok" if self.value <= must else "over"


def middle(name: str, values: Sequence[float], unit: str) -> Figure:
    """Return the median of the runs."""
    return Figure(name, median(values), unit)


def worst(name: str, values: Sequence[float], unit: str) -> Figure:
    """Return the maximum of the runs, for figures that are maxima by themselves."""
    return Figure(name, max(values), unit)


def summary(figures: Iterable[Figure]) -> str:
    """Return a table of the figures beside their musts."""
    return "\n".join(f"{figure!s:<40} {figure.verdict}".rstrip() for figure in figures)
