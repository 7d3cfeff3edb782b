"""Has a copy of somebody's data made, and opens it, for tests."""

import io
import zipfile

import anyio
import httpx2

PATH = "/my/data"
WITHIN_S = 60


async def make_copy(client: httpx2.AsyncClient, path: str = PATH) -> None:
    """Ask for a copy, and wait until it can be taken."""
    assert (await client.post(f"{path}/copy")).status_code == 303
    with anyio.fail_after(WITHIN_S):
        while 'id="download"' not in (page := (await client.get(path)).text):
            assert "could not be made" not in page
            await anyio.sleep(0.05)


async def take_copy(client: httpx2.AsyncClient, path: str = PATH) -> dict[str, bytes]:
    """Return the files of the copy that is ready, by name."""
    answer = await client.post(f"{path}/download")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def copy_of(client: httpx2.AsyncClient) -> dict[str, bytes]:
    await make_copy(client)
    return await take_copy(client)
