"""Rooms of a whole engine in this process, over real sockets: who is offered what, and what is freed."""

import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from server.core.clock import SystemClock
from server.media import engine as engine_module
from server.media.rooms import MOST_PEERS, QUALITY_S, MediaRoom
from server.media_control import (
    AnswerOffer,
    CloseRoom,
    Connected,
    Gone,
    Join,
    Leave,
    Offer,
    OpenRoom,
    Quality,
    RestartIce,
    Speaking,
    Watch,
    Wish,
)
from tests.live.media.app_side import Member, answer_to, attribute, caller_for, heard, open_room, spoken
from tests.live.media.caller import until
from tests.live.media.standing import Standing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def members(standing: Standing) -> AsyncIterator[list[Member]]:
    """Three who only speak, all connected and answered."""
    members = [Member(standing.app, name) for name in ("ann", "ben", "cleo")]
    for member in members:
        await member.join(publishes=["audio"])
        await member.answer("publish")
    for member in members:
        while len(member.offers.get("subscribe", EMPTY).streams) < 2:
            await member.answer("subscribe")
    yield members
    for member in members:
        member.vanish()


EMPTY = Offer(room="r", peer="p", side="subscribe", number=0, sdp="", streams=[])


def speaking(standing: Standing, member: Member, met: Callable[[], bool]) -> Callable[[], bool]:
    """Return a condition at whose every asking the member says a little more and the engine does what is due."""
    sequences = itertools.count(1)

    def ask() -> bool:
        member.callers["publish"].send_rtp(spoken(next(sequences)))
        standing.tick(SystemClock().monotonic())
        return met()

    return ask


def broken(*words: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("worse", [False, True])
async def test_a_room_that_crashes_leaves_the_others_and_its_people_can_come_into_a_new_one(
    members: list[Member], standing: Standing, monkeypatch: pytest.MonkeyPatch, *, worse: bool
) -> None:
    """Also where nothing of it can be ended."""
    await open_room(standing.app, "another")
    ticked: list[str] = []

    def tick(room: MediaRoom, now: float) -> None:
        del now
        ticked.append(room.name)
        if room.name == members[0].room:
            raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(MediaRoom, "tick", tick)
        if worse:
            patch.setattr(MediaRoom, "close", broken)
        for _ in range(2):
            standing.tick(SystemClock().monotonic())
    assert ticked == [members[0].room, "another"]
    for member in members:
        await standing.app.event(Gone, peer=member.name, reason="crashed")
    assert (standing.engine.peers, standing.mux.crashes) == (0, 1 + worse)
    assert await standing.app.do(Join, room=members[0].room, peer="ann", publishes=["audio"]) == "room"
    await open_room(standing.app, members[0].room)
    await members[0].join(publishes=["audio"])


async def test_what_one_says_the_others_hear(standing: Standing, members: list[Member]) -> None:
    ann, ben, cleo = members
    await until(speaking(standing, ann, lambda: heard(ben) > 3 and heard(cleo) > 3))
    assert heard(ann) == 0
    assert (await standing.app.event(Speaking)).peer == "ann"


async def test_everybody_connected_is_told(standing: Standing, members: list[Member]) -> None:
    for member in members:
        for side in ("publish", "subscribe"):
            assert (await standing.app.event(Connected, peer=member.name, side=side)).room == "r"
    standing.tick(SystemClock().monotonic() + QUALITY_S)
    quality = await standing.app.event(Quality, peer="ann")
    assert quality.budget_bps > 0
    assert quality.paused == []


async def test_who_leaves_is_taken_from_the_others_lines_and_the_next_one_gets_them(standing: Standing, members: list[Member]) -> None:
    ann, ben, _ = members
    assert await standing.app.do(Leave, room="r", peer="cleo") == "ok"
    for member in (ann, ben):
        offer = await member.answer("subscribe")
        assert [stream.publisher for stream in offer.streams] == ["ben" if member is ann else "ann"]
        assert offer.sdp.count("m=audio") == 2
        assert offer.sdp.count("a=inactive") == 1
    dora = Member(standing.app, "dora")
    members.append(dora)
    await dora.join(publishes=["audio"])
    await dora.answer("publish")
    offer = await ann.answer("subscribe")
    assert offer.sdp.count("m=audio") == 2
    assert sorted(stream.publisher for stream in offer.streams) == ["ben", "dora"]


async def test_who_vanishes_is_told_and_freed(standing: Standing, members: list[Member]) -> None:
    ann, ben, _ = members
    await ben.callers["publish"].hang_up()
    gone = await standing.app.event(Gone)
    assert (gone.peer, gone.side, gone.reason) == ("ben", "publish", "closed")
    assert [stream.publisher for stream in (await ann.answer("subscribe")).streams] == ["cleo"]
    assert await standing.app.do(Leave, room="r", peer="ben") == "peer"


async def test_an_ice_restart_overtakes_and_media_goes_on(standing: Standing, members: list[Member]) -> None:
    ann, ben, _ = members
    before = attribute(ben.offers["subscribe"].sdp, "ice-ufrag")
    assert await standing.app.do(RestartIce, room="r", peer="ben", side="subscribe") == "ok"
    overtaken = await standing.app.event(Offer, peer="ben", side="subscribe")
    assert await standing.app.do(RestartIce, room="r", peer="ben", side="subscribe") == "ok"
    offer = await ben.answer("subscribe")
    assert before != attribute(offer.sdp, "ice-ufrag") != attribute(overtaken.sdp, "ice-ufrag")
    late = AnswerOffer(id=0, room="r", peer="ben", side="subscribe", offer=overtaken.number, sdp="never read")
    assert await standing.app.do(AnswerOffer, **late.model_dump(exclude={"id", "t"})) == "ok"
    ben.callers["subscribe"].ufrag = attribute(offer.sdp, "ice-ufrag")
    ben.callers["subscribe"].password = attribute(offer.sdp, "ice-pwd")
    await ben.callers["subscribe"].nominate()
    await until(speaking(standing, ann, lambda: heard(ben) > 3))


async def test_an_answer_that_is_refused_can_be_given_again(standing: Standing) -> None:
    app, ann = standing.app, Member(standing.app, "ann")
    await ann.join()
    offer = await app.event(Offer, peer="ann")
    caller = ann.callers["publish"] = caller_for(offer)
    good = answer_to(offer, caller)
    given = {"room": "r", "peer": "ann", "side": "publish", "offer": offer.number}
    assert await app.do(AnswerOffer, **given, sdp="v=0\r\n") == "answer_lines"
    assert await app.do(AnswerOffer, **given, sdp=good) == "ok"
    ann.vanish()


async def test_changes_wait_until_an_offer_is_answered(standing: Standing) -> None:
    app = standing.app
    names = ["ann", "ben", "cleo"]
    ann, ben, cleo = members = [Member(app, name) for name in names]
    await ann.join(publishes=[])
    for member in (ben, cleo):
        await member.join(publishes=["audio", "camera"], subscribes=False)
        await member.answer("publish")
    first = await ann.answer("subscribe")
    second = await ann.answer("subscribe")
    assert [len(first.streams), len(second.streams)] == [2, 4]
    assert [first.number, second.number] == [1, 2]
    assert not [event for event in app.events if isinstance(event, Offer)]
    wishes = [Wish(publisher="ben", source="camera", layer="l", pinned=True), Wish(publisher="nobody", source="screen", layer=None)]
    assert await app.do(Watch, room="r", peer="ann", wishes=wishes) == "ok"
    for member in members:
        member.vanish()


async def test_names_are_taken_once_and_must_be_there(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    app = standing.app
    assert await app.do(OpenRoom, room="r") == "room"
    assert await app.do(CloseRoom, room="x") == "room"
    assert await app.do(Join, room="x", peer="p") == "room"
    assert await app.do(Leave, room="r", peer="p") == "peer"
    assert await app.do(Join, room="r", peer="p", publishes=[]) == "ok"
    assert await app.do(Join, room="r", peer="p") == "peer"
    assert await app.do(RestartIce, room="r", peer="p", side="publish") == "side"
    assert await app.do(Watch, room="r", peer="p", wishes=[]) == "ok"
    for number in range(1, MOST_PEERS):
        assert await app.do(Join, room="r", peer=f"p{number}", publishes=[]) == "ok"
    assert await app.do(Join, room="r", peer="more") == "room_full"
    monkeypatch.setattr(engine_module, "MOST_ROOMS", 1)
    assert await app.do(OpenRoom, room="other") == "rooms"


async def test_a_closed_room_and_an_application_that_goes_free_everything(standing: Standing, members: list[Member]) -> None:
    assert len(members) == 3
    assert standing.mux.by_ufrag
    assert await standing.app.do(CloseRoom, room="r") == "ok"
    assert not standing.mux.by_ufrag
    assert not standing.mux.by_address
    await open_room(standing.app)
    assert await standing.app.do(Join, room="r", peer="ann") == "ok"
    assert standing.mux.by_ufrag
    await standing.app.close()
    await until(lambda: not standing.mux.by_ufrag)
