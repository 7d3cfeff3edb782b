"""The page of the forwarding engines: administrators read what each has to do, and nobody else does."""

from dataclasses import replace

import pytest
from starlette.applications import Starlette

from server.adapters.engines import Engines, Remote
from server.media_control import Load
from tests.cast import ALICE, DANA, OLGA, SAM, Staff
from tests.conftest import SignIn

pytestmark = [pytest.mark.anyio, pytest.mark.row("O3")]


async def test_an_administrator_reads_what_each_has_to_do(app: Starlette, sign_in: SignIn) -> None:
    engines = Engines([Remote(("192.0.2.7", 7000), b"secret"), Remote(("192.0.2.8", 7000), b"secret")])
    engines.nodes[0].load = Load(rooms=3, peers=11, packets=4_200, dropped=7, cpu=0.23, lost=0.052, overrun=9, excess=17)
    app.state.house = replace(app.state.house, engines=engines)
    text = (await (await sign_in(OLGA)).get("/engines")).text
    assert "192.0.2.7:7000" in text
    for figure in ("3", "11", "4200", "7", "23 %", "5.2 %", "9", "17"):
        assert f"<dd>{figure}</dd>" in text
    assert text.count("It is there.") == text.count("It cannot be reached.") == 1
    assert "The machine did not take 7 packets that it wanted to send" in text
    assert "17 packets were more than one browser may send" in text
    assert "5 % of what browsers were sent did not arrive" in text
    assert "All is well" not in text
    assert "secret" not in text


async def test_a_server_without_one_says_so(app: Starlette, sign_in: SignIn) -> None:
    app.state.house = replace(app.state.house, engines=Engines([]))
    assert "This server has no media engine." in (await (await sign_in(OLGA)).get("/engines")).text


@pytest.mark.parametrize("member", [ALICE, SAM, DANA], ids=["professional", "assistant", "patient"])
async def test_nobody_else_reads_it(sign_in: SignIn, member: Staff) -> None:
    assert (await (await sign_in(member)).get("/engines")).status_code == 403
