"""Every rule of semgrep has an example that it finds and one that it leaves alone; `make check-security` shows that they do."""

import re
from pathlib import Path

import pytest

from tests.house.source import TESTS, text_of

RULES = sorted((TESTS / "qa" / "rules").glob("*.yaml"))
NAMED = re.compile(r"^  - id: (\S+)$", re.MULTILINE)
SHOWN = re.compile(r"(ruleid|ok): ([a-z-]+)")


@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.stem)
def test_every_rule_has_a_bad_and_a_good_example(rules: Path) -> None:
    named = set(NAMED.findall(text_of(rules)))
    (examples,) = (path for path in rules.parent.glob(f"{rules.stem}.*") if path != rules)
    shown = set(SHOWN.findall(text_of(examples)))
    assert shown == {(kind, name) for name in named for kind in ("ruleid", "ok")}
