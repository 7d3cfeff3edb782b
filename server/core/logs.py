"""Structured logs on standard error: one JSON object a line, from an allow-list of fields, so that no person's data slips in."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

FIELDS = {
    "event", "level", "timestamp",
    "attempts", "chains", "code", "consultations", "day", "error", "failures", "fault", "holds", "kind",
    "node", "note", "notes", "port", "recordings", "root", "route", "rows", "session", "size", "stretches", "task",
    "where",
}  # fmt: skip


def configure_logs(level: str) -> None:
    """Set the level of our own logs; libraries only warn, because at `debug` they log statements with people's data in them."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def keep_allowed(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list."""
    del logger, method
    return {name: value for name, value in event.items() if name in FIELDS}
