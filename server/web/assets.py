"""The built browser files: names by the manifest, bytes from memory, compressed as the browser asks."""

import json
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import NotFound

PREFIX = "/static/"
FOREVER = "public, max-age=31536000, immutable"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class NotBuilt(Exception):
    """The browser side has not been built, or an entry is missing from it."""


@dataclass(frozen=True)
class Entry:
    """One line of the manifest: the hashed file, what it imports at once, and the sentences that it shows."""

    file: str
    preload: tuple[str, ...]
    strings: tuple[str, ...]


class Assets:
    """Everything is read once, so a build while the server runs cannot take a file from under an open page."""

    def __init__(self, folder: Path) -> None:
        manifest = _read_manifest(folder)
        self._entries = {name: _entry(fields) for name, fields in manifest.items()}
        self._files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
        self.icons = frozenset(manifest["sprite.svg"]["icons"])

    def entry(self, name: str) -> Entry:
        if name not in self._entries:
            raise NotBuilt(f"{name} is not in static/dist: run `make setup`")
        return self._entries[name]

    def url(self, name: str) -> str:
        """Return where the newest build of `name` is, such as `camera` or `app.css`."""
        return PREFIX + self.entry(name).file

    def style(self, name: str) -> tuple[str, str]:
        """Return a style sheet's text, to stand in a page, and its hash for the policy of that page (CSP Level 3, 2.3.1)."""
        text = self._files[self.entry(name).file]
        return text.decode(), f"sha256-{b64encode(sha256(text).digest()).decode()}"

    def answer(self, file: str, accept_encoding: str) -> Response:
        """Return the file as the browser can take it; raises `NotFound`. Names are looked up, so no path can lead elsewhere."""
        kind = TYPES.get(Path(file).suffix)
        if kind is None or file not in self._files:
            raise NotFound
        accepted = {part.partition(";")[0].strip() for part in accept_encoding.split(",")}
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        for encoding, suffix in ENCODINGS:
            if encoding in accepted and file + suffix in self._files:
                return Response(self._files[file + suffix], media_type=kind, headers={**headers, "Content-Encoding": encoding})
        return Response(self._files[file], media_type=kind, headers=headers)


def routes() -> list[Route]:
    """Serve the built files; raises `NotBuilt`, so that a server without pages does not start."""
    assets = built_assets()

    async def serve(request: Request) -> Response:
        return assets.answer(request.path_params["file"], request.headers.get("accept-encoding", ""))

    return [Route(PREFIX + "{file}", serve)]


@cache
def built_assets() -> Assets:
    return Assets(find_dist())


def find_dist() -> Path:
    """Return the built files: inside an installed package, or beside it in a clone."""
    package = Path(__file__).parent.parent
    installed = package / "static"
    return installed if installed.is_dir() else package.parent / "static" / "dist"


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    except FileNotFoundError:
        raise NotBuilt("the browser side is not built: run `make setup`") from None
    return manifest


def _entry(fields: dict[str, Any]) -> Entry:
    return Entry(fields["file"], tuple(fields["preload"]), tuple(fields["strings"]))
