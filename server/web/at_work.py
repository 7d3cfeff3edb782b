"""For which practice a page was made, as the page itself says it: what somebody wrote in one is never taken for another.

It matters to whoever works in several practices, or has. Their forms name the practice in the query of their address (`at`), their
scripts in a header; everybody else's pages say nothing.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import escape
from starlette.requests import HTTPConnection, Request

AT, HEADER = "at", "x-at"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = re.compile(r"<form\b[^>]*>")
ACTION = re.compile(r'\b((?:form)?action)="([^"#]*)')
BUTTON = re.compile(r"<button\b[^>]*\bformaction=[^>]*>")


@dataclass
class Asked:
    """What a request says of its practice, and for which one it is answered.

    `said` is an id as text, None where nothing is said; `writes` tells that it may change something. `at` is the practice of the
    answer where there is a choice, and `choice` what the bar of the page shows of that choice.
    """

    said: str | None
    writes: bool
    at: UUID | None = None
    choice: object | None = None


def asked_of(connection: HTTPConnection) -> Asked:
    """Return what this request says, one and the same for all who ask."""
    found: Asked | None = getattr(connection.state, "asked", None)
    if found is None:
        said = connection.headers.get(HEADER) or connection.query_params.get(AT)
        found = connection.state.asked = Asked(said, connection.scope.get("method", "GET") not in SAFE_METHODS)
    return found


def mark_forms(html: str, request: Request, at: UUID) -> str:
    """Return the page with the practice in the address of every form that sends something; one without an address has the page's."""
    own = [(name, value) for name, value in request.query_params.multi_items() if name != AT]
    here = "?" + urlencode([*own, (AT, str(at))])

    def mark(tag: re.Match[str]) -> str:
        text = tag[0]
        if text.startswith("<form") and 'method="post"' not in text:
            return text
        if not ACTION.search(text):
            return f'{text[:-1]} action="{escape(here)}">'
        return ACTION.sub(lambda found: f'{found[1]}="{found[2]}{"&amp;" if "?" in found[2] else "?"}{AT}={at}', text)

    return BUTTON.sub(mark, FORM.sub(mark, html))
