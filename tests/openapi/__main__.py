"""`python -m tests.openapi` writes `docs/openapi.json` out of the code."""

import tempfile
from pathlib import Path

from tests.openapi.whole import PLACE, written_of

with tempfile.TemporaryDirectory(prefix="consilium-openapi-") as folder:
    PLACE.write_text(written_of(Path(folder)))
