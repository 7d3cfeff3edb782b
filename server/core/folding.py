"""Letters without case and accents, the same in Python, on SQLite and on PostgreSQL, so that a name is found however it is typed."""

import re
import unicodedata
from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

ACCENTS = "\\u0300-\\u036f"  # as both Python's and PostgreSQL's expressions read it
_ACCENT = re.compile(f"[{ACCENTS}]")


def fold(text: str) -> str:
    """Return the text without accents, in small letters: 'ÉMILE' and 'Émile' are both 'emile'."""
    return _ACCENT.sub("", unicodedata.normalize("NFKD", text)).lower()


class Folded(GenericFunction[str]):
    """`fold` of a column. SQLite is given the function itself (`server/core/db.py`).

    PostgreSQL says the same in its own words: its `lower` alone would leave accents, and follow the locale of the database.
    """

    name = "folded"
    type = String()
    inherit_cache = True


@compiles(Folded, "postgresql")
def _on_postgresql(function: Folded, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(function.clauses, **options)
    return f"lower(regexp_replace(normalize({text}, NFKD), '[{ACCENTS}]', '', 'g') COLLATE \"und-x-icu\")"
