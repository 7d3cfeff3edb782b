"""The built browser files: found by their hashed names only, compressed as asked, kept for a year."""

import gzip
import json
from pathlib import Path

import httpx2
import pytest

from server.web.assets import Assets, NotBuilt, built_assets, find_dist
from server.web.extract import Found

pytestmark = [pytest.mark.anyio, pytest.mark.row("O1")]


def manifest_of(icons: tuple[str, ...] = ()) -> str:
    sprite = {"file": "sprite-1.svg", "preload": [], "strings": [], "icons": icons}
    return json.dumps({"sprite.svg": sprite, "camera": {"file": "camera-1.js", "preload": ["chunk-1.js"], "strings": ["Hello"]}})


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip;q=1.0", "gzip"), ("identity", None), ("", None), ("brotli, xgzip", None)],
)
async def test_a_file_comes_as_the_browser_can_take_it(client: httpx2.AsyncClient, accepts: str, encoding: str | None) -> None:
    answer = await client.get(built_assets().url("app.css"), headers={"accept-encoding": accepts})
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")


async def test_the_compressed_file_is_the_same_file(client: httpx2.AsyncClient) -> None:
    plain = await client.get(built_assets().url("welcome"), headers={"accept-encoding": "identity"})
    zipped = await client.get(built_assets().url("welcome"), headers={"accept-encoding": "gzip"})
    assert plain.content == zipped.content
    assert plain.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    ["manifest.json", "nothing.js", "app.css.br", "../settings.py", "%2e%2e%2fsettings.py", "..%5csettings.py", "%2fetc%2fpasswd", "", "."],
)
async def test_nothing_else_is_served(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.get(f"/static/{path}")).status_code == 404


async def test_a_page_names_all_that_its_script_imports(client: httpx2.AsyncClient) -> None:
    for name in ("welcome", "camera", "microphone"):
        entry = built_assets().entry(name)
        for file in (entry.file, *entry.preload):
            assert (await client.get(f"/static/{file}")).status_code == 200


def test_every_sentence_of_a_script_comes_with_its_page(messages: list[Found]) -> None:
    """The build and the catalogues find sentences with one rule in two languages: neither may have one that the other misses."""
    manifest = json.loads((find_dist() / "manifest.json").read_text())
    built = {message for entry in manifest.values() for message in entry["strings"]}
    extracted = {
        found.message if isinstance(found.message, str) else found.message[0] for found in messages if found.path.startswith("static/")
    }
    assert built == extracted


def test_a_build_under_a_running_server_takes_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(manifest_of(("mic",)))
    (tmp_path / "camera-1.js").write_text("old")
    (tmp_path / "camera-1.js.gz").write_bytes(gzip.compress(b"old"))
    assets = Assets(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    assert assets.answer("camera-1.js", "").body == b"old"
    assert gzip.decompress(bytes(assets.answer("camera-1.js", "gzip").body)) == b"old"
    assert assets.icons == {"mic"}


def test_a_missing_build_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="make setup"):
        Assets(tmp_path)
    (tmp_path / "manifest.json").write_text(manifest_of())
    with pytest.raises(NotBuilt, match="room"):
        Assets(tmp_path).url("room")
