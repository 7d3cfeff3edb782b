"""Runs benches one after the other and prints what they found."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.bench.figures import Figure, summary

Bench = Callable[[argparse.Namespace], Iterator[Figure]]
NOT_INSTALLED = (pytest.skip.Exception, pytest.fail.Exception)


def report(benches: Mapping[str, Bench], options: argparse.Namespace) -> int:
    """Run those that `options.only` names, or all. Return 0, also when figures are over their must, and 1 when a run could not be made."""
    _warn_if_busy()
    figures: list[Figure] = []
    failed: list[str] = []
    for name in options.only or benches:
        try:
            for figure in benches[name](options):
                print(figure, flush=True)
                figures.append(figure)
        except (Exception, *NOT_INSTALLED) as error:  # noqa: BLE001 - the other benches still have their say
            failed.append(f"{name}: {type(error).__name__}: {error}")
    print(f"\n{summary(figures)}")
    for reason in failed:
        print(f"not measured: {reason}", file=sys.stderr)
    return 1 if failed else 0


def _warn_if_busy() -> None:
    busy, cores = os.getloadavg()[0], os.cpu_count() or 1
    if busy > cores:
        print(f"The machine is busy (load {busy:.1f} on {cores} cores): times will be longer than they are.", file=sys.stderr)
