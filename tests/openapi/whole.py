"""The document of the application that has most: with payments in the sandbox, which every other set-up leaves out or replaces."""

from pathlib import Path

from server.app import build_app
from server.settings import Settings
from tests.openapi.document import written

PLACE = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def written_of(data_dir: Path) -> str:
    """Return the text of the document, made with an application that is never started."""
    return written(build_app(Settings(database_url=f"sqlite:///{data_dir / 'none.db'}", data_dir=data_dir, payments="sandbox")))
