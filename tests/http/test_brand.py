"""How a practice looks: what is refused, what is kept, and where patients see it."""

import re
from io import BytesIO

import httpx2
import pytest
from PIL import Image
from sqlalchemy import select
from starlette.applications import Starlette

from server.access.brand import Brand
from server.core.audit import AuditEntry
from server.core.house import House
from tests.cast import ALICE, CLINIC, DANA, ELSEWHERE, MALLORY, OLGA, SAM, Cast, Meeting, Staff
from tests.conftest import SignIn, browser_of

pytestmark = [pytest.mark.anyio, pytest.mark.row("P8")]

PAGE = "/practice/brand"
SEEN = re.compile(r'name="seen" value="(\w*)"')
GREEN = {"light": "#1A6B3C", "dark": ""}


@pytest.fixture
def app_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def olga(sign_in: SignIn) -> httpx2.AsyncClient:
    return await sign_in(OLGA)


def picture(form: str = "PNG", size: tuple[int, int] = (1200, 300)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#1a6b3c").save(out, form, exif=b"Exif\0\0" + b"taken at home") if form == "JPEG" else Image.new(
        "RGBA", size, "#1a6b3c80"
    ).save(out, form)
    return out.getvalue()


async def seen(client: httpx2.AsyncClient) -> str:
    return SEEN.findall((await client.get(PAGE)).text)[0]


async def send_logo(client: httpx2.AsyncClient, content: bytes, words: str = "Harbour Clinic", **more: str) -> httpx2.Response:
    fields = {"words": words, "seen": await seen(client), **more}
    return await client.post(PAGE + "/logo", data=fields, files={"file": ("logo.png", content)})


async def test_patients_see_colours_and_logo_until_they_are_removed(
    olga: httpx2.AsyncClient, app: Starlette, house: House, meeting: Meeting
) -> None:
    answer = await olga.post(PAGE + "/colours", data={**GREEN, "seen": await seen(olga)})
    assert answer.headers["location"] == f"{PAGE}?done=colours"
    assert (await send_logo(olga, picture())).headers["location"] == f"{PAGE}?done=logo"
    async with browser_of(app, {"visit": meeting.token}) as dana:
        page = (await dana.get(meeting.join_path, follow_redirects=True)).text
        [style] = re.findall(r'href="(/brand/[^"]+\.css)"', page)
        [logo] = re.findall(r'<img class="logo" src="([^"]+)" alt="Harbour Clinic">', page)
        css, image = await dana.get(style), await dana.get(logo)
        assert "--accent:light-dark(#1a6b3c,#" in css.text
        assert css.headers["cache-control"] == image.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert Image.open(BytesIO(image.content)).size == (480, 120)
        assert (await dana.get(style.replace(str(CLINIC), str(ELSEWHERE)))).status_code == 404
        for what in ("colours", "logo"):
            answer = await olga.post(PAGE + "/remove", data={"what": what, "seen": await seen(olga)})
            assert answer.headers["location"] == f"{PAGE}?done={what}_removed"
        assert "/brand/" not in (await dana.get(meeting.join_path, follow_redirects=True)).text
        assert (await dana.get(logo)).status_code == 200
    async with house.database.read() as tx:
        said = list(await tx.scalars(select(AuditEntry.reason).order_by(AuditEntry.number)))
    assert said[-4:] == ["changes its colours", "changes its logo", "takes the usual colours", "removes its logo"]


@pytest.mark.parametrize(
    ("light", "dark", "words"),
    [
        ("#7fd3e0", "", "#7fd3e0 cannot be read: its contrast"), ("#005f73", "#005f73", "The nearest colour that can be read is #"),
        ("teal", "", "This is no colour"), ("", "#7fd3e0", "Please write a colour"), ("#1", "<b>", "This is no colour"),
    ],
)  # fmt: skip
async def test_bad_38_what_cannot_be_read_is_refused_and_stays_typed(olga: httpx2.AsyncClient, light: str, dark: str, words: str) -> None:
    answer = await olga.post(PAGE + "/colours", data={"light": light, "dark": dark, "seen": ""})
    assert (answer.status_code, words in answer.text, "data-errors" in answer.text) == (422, True, True)
    assert f'value="{light}"' in answer.text
    assert "<b>" not in answer.text


async def test_colours_are_tried_out_before_they_are_kept(olga: httpx2.AsyncClient, house: House) -> None:
    answer = await olga.post(PAGE + "/colours", data={**GREEN, "seen": "", "what": "try"})
    page = await olga.get(answer.headers["location"].partition("#example")[0])
    assert "Nothing is saved yet" in page.text
    [style] = re.findall(r'href="(/practice/brand/try\.css[^"]+)"', page.text)
    assert (await olga.get(style.replace("&amp;", "&"))).text.startswith(".brand-try{--accent:#1a6b3c")
    assert (await olga.get(f"{PAGE}/try.css?light=%3B&dark=x")).text.startswith(".brand-try{--accent:#005f73")
    async with house.database.read() as tx:
        assert list(await tx.scalars(select(Brand.mark))) == []


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        (b"", "Clinic", "Please choose a file|This file is empty"), (b"%PDF-1.7", "Clinic", "can be a logo|fit to what"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Clinic", "can be a logo|fit to what"),
        (b"GIF89a\x01\x00\x80\xff", "Clinic", "can be a logo"),
        (b"\x89PNG\r\n\x1a\nbroken", "Clinic", "damaged"), (b"x" * (3 << 20), "Clinic", "too big"), (picture(), "", "what the logo shows"),
        (picture(), "x" * 121, "what the logo shows"),
    ],
    ids=["none", "pdf", "svg", "gif", "broken", "big", "no words", "long words"],
)  # fmt: skip
async def test_bad_34_what_is_no_picture_is_refused(olga: httpx2.AsyncClient, content: bytes, words: str, told: str) -> None:
    answer = await send_logo(olga, content, words)
    assert answer.status_code == 422
    assert re.search(told, answer.text)


async def test_a_colleagues_change_is_not_overwritten(olga: httpx2.AsyncClient) -> None:
    before = await seen(olga)
    await olga.post(PAGE + "/colours", data={**GREEN, "seen": before})
    for answer in (
        await olga.post(PAGE + "/colours", data={"light": "#005f73", "dark": "", "seen": before}),
        await send_logo(olga, picture(), "Ours", seen=before),
        await olga.post(PAGE + "/remove", data={"what": "colours", "seen": before}),
    ):
        assert (answer.status_code, "Somebody has changed this" in answer.text) == (422, True)
    assert 'value="#1a6b3c"' in (await olga.get(PAGE)).text


@pytest.mark.parametrize("member", [ALICE, SAM, DANA, MALLORY], ids=lambda member: str(member.username))
async def test_it_is_for_whoever_looks_after_the_practice(sign_in: SignIn, cast: Cast, member: Staff) -> None:
    client = await sign_in(member)
    assert [(await client.get(path)).status_code for path in (PAGE, PAGE + "/try.css")] == [403, 403]
    assert [(await client.post(PAGE + path)).status_code for path in ("/colours", "/logo", "/remove")] == [403, 403, 403]
