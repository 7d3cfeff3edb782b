"""A professional's photograph: drawn anew, shown while they are in the directory, and removed again."""

import re
from io import BytesIO

import httpx2
import pytest
from PIL import Image

from server.core.house import House
from server.directory.model import Profile
from tests.cast import ALICE, DANA, OLGA, Cast
from tests.conftest import SignIn
from tests.http.test_directory import PAGE as PROFILE
from tests.http.test_directory import lay_out

pytestmark = [pytest.mark.anyio, pytest.mark.row("P7")]

PAGE = "/account/profile/photo"
SOURCE = re.compile(r'<img class="avatar photo" src="([^"]+)" alt="Photograph of Dr Alice Ahmed">')


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


def picture() -> bytes:
    """A wide photograph with a place in it, red in its middle."""
    image = Image.new("RGB", (900, 300), "blue")
    image.paste("red", (300, 0, 600, 300))
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    out = BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


async def test_it_is_shown_drawn_anew_and_removed(client: httpx2.AsyncClient, cast: Cast, house: House, sign_in: SignIn) -> None:
    await lay_out(house, ALICE)
    alice = await sign_in(ALICE)
    assert PAGE in (await alice.get("/account/profile")).text
    assert "There is none." in (await alice.get(PAGE)).text
    assert (await alice.get(PAGE + "/own.jpg")).status_code == 404
    answer = await alice.post(PAGE, files={"file": ("me.jpg", picture())})
    assert answer.headers["location"] == f"{PAGE}?done=saved"
    [source] = SOURCE.findall((await client.get(PROFILE)).text)
    shown = await client.get(source)
    assert (shown.headers["content-type"], "immutable" in shown.headers["cache-control"]) == ("image/jpeg", True)
    image = Image.open(BytesIO(shown.content))
    assert (image.size, dict(image.getexif()), b"home" in shown.content) == ((320, 320), {}, False)
    red, _green, blue = image.getpixel((5, 5))
    assert (red > 200, blue < 100) == (True, True)
    assert (await client.get(source.replace(".jpg", "0.jpg"))).status_code == 404
    async with house.database.write() as tx:
        (await tx.get_one(Profile, ALICE.professional_id)).listed = False
    assert (await client.get(source)).status_code == 404
    assert (await alice.get(PAGE + "/own.jpg")).content == shown.content
    assert (await alice.post(PAGE + "/remove")).headers["location"] == f"{PAGE}?done=removed"
    assert "There is none." in (await alice.get(PAGE)).text


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 x", b"GIF89a", b"x" * (11 << 20)], ids=["none", "pdf", "gif", "big"])
async def test_bad_34_what_is_no_photograph_is_refused(cast: Cast, sign_in: SignIn, content: bytes) -> None:
    answer = await (await sign_in(ALICE)).post(PAGE, files={"file": ("me.jpg", content)})
    assert (answer.status_code, "data-errors" in answer.text) == (422, True)


async def test_it_is_for_professionals(cast: Cast, sign_in: SignIn) -> None:
    for member in (OLGA, DANA):
        client = await sign_in(member)
        assert (await client.get(PAGE)).status_code == 403
        assert (await client.post(PAGE, files={"file": ("me.jpg", picture())})).status_code == 403
