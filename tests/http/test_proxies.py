"""Behind a proxy every client keeps an address of its own, and nobody can choose one."""

import httpx2
import pytest
from starlette.applications import Starlette

from server.identity import passwords
from server.settings import Settings, load_settings
from tests.cast import Cast
from tests.conftest import ORIGIN

pytestmark = [pytest.mark.anyio, pytest.mark.row("P4")]

PROXY = "10.0.0.7"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    trusted = load_settings({"CONSILIUM_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/24, fd00::/8"}).trusted_proxies
    return settings.model_copy(update={"trusted_proxies": trusted})


@pytest.fixture
def addresses(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the limit of join links was asked about."""
    seen: list[str] = []

    async def hit(rule: str, *key: str) -> None:
        seen.extend(key)

    monkeypatch.setattr(app.state.house.limiter, "hit", hit)
    return seen


async def ask(app: Starlette, peer: str, *forwarded: str) -> None:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app, client=(peer, 4000)), base_url=ORIGIN) as client:
        await client.get("/j/nothing", headers=headers)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (["203.0.113.5"], "203.0.113.5"),
        (["203.0.113.5:51000"], "203.0.113.5"),
        (["[2001:db8::5]:51000"], "2001:db8::/64"),
        (["2001:db8::1:2:3:4"], "2001:db8::/64"),
        (["203.0.113.5, 10.0.0.9"], "203.0.113.5"),
        (["203.0.113.5", "10.0.0.9"], "203.0.113.5"),
        (["203.0.113.5, ::ffff:10.0.0.9"], "203.0.113.5"),
        (["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        ([], PROXY),
        ([""], PROXY),
    ],
)
async def test_the_client_is_the_nearest_hop_that_is_no_proxy(
    app: Starlette, addresses: list[str], forwarded: list[str], client: str
) -> None:
    await ask(app, PROXY, *forwarded)
    assert addresses == [client]


@pytest.mark.parametrize("forged", ["198.51.100.1", "127.0.0.1", "10.0.0.9", "198.51.100.1, 10.0.0.9"])
@pytest.mark.parametrize("peer", ["203.0.113.5", "::ffff:203.0.113.5"])
async def test_bad_25_a_forged_hop_of_a_stranger_is_ignored(app: Starlette, addresses: list[str], peer: str, forged: str) -> None:
    await ask(app, peer, forged)
    assert addresses == [peer.removeprefix("::ffff:")]


@pytest.mark.parametrize("forged", ["198.51.100.1", "10.0.0.9", "127.0.0.1, 10.0.0.9", "unknown", "\xff", "1.2.3.4.5", "]["])
async def test_bad_25_a_forged_hop_before_the_proxys_own_is_ignored(app: Starlette, addresses: list[str], forged: str) -> None:
    await ask(app, PROXY, f"{forged}, 203.0.113.5")
    assert addresses == ["203.0.113.5"]


@pytest.mark.parametrize("forged", ["unknown", "_hidden", "1.2.3.4.5", "]["])
async def test_bad_25_a_hop_that_is_no_address_ends_the_walk(app: Starlette, addresses: list[str], forged: str) -> None:
    await ask(app, PROXY, f"198.51.100.1, {forged}, 10.0.0.9")
    assert addresses == ["10.0.0.9"]


async def test_wrong_passwords_of_one_client_do_not_shut_out_the_others(
    app: Starlette, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_fits", lambda *_: False)
    transport = httpx2.ASGITransport(app=app, client=(PROXY, 4000))
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}) as client:

        async def attempt(number: int, address: str) -> int:
            form = {"username": f"dr_{number}", "password": "x"}
            return (await client.post("/sign-in", data=form, headers={"x-forwarded-for": address})).status_code

        assert [await attempt(number, "203.0.113.5") for number in range(101)][-1] == 429
        assert await attempt(101, "203.0.113.6") == 401
