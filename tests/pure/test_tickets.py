"""Single-use tickets."""

import pytest

from server.errors import NotSignedIn
from server.web import tickets
from server.web.tickets import TICKET_TTL_S, TicketOffice
from tests.conftest import StillClock


@pytest.fixture
def office(clock: StillClock) -> TicketOffice:
    return TicketOffice(clock)


def test_a_ticket_is_good_once(office: TicketOffice) -> None:
    ticket = office.issue("room", "dana")
    assert office.redeem("room", ticket) == "dana"
    with pytest.raises(NotSignedIn):
        office.redeem("room", ticket)


def test_a_ticket_is_of_one_purpose_and_a_wrong_use_spends_it(office: TicketOffice) -> None:
    ticket = office.issue("room", "dana")
    for purpose in ("note", "room"):
        with pytest.raises(NotSignedIn):
            office.redeem(purpose, ticket)


def test_a_ticket_is_good_for_thirty_seconds(office: TicketOffice, clock: StillClock) -> None:
    early, late = office.issue("room", 1), office.issue("room", 2)
    clock.advance(TICKET_TTL_S - 0.1)
    assert office.redeem("room", early) == 1
    clock.advance(0.1)
    with pytest.raises(NotSignedIn):
        office.redeem("room", late)


@pytest.mark.parametrize("ticket", ["", "x", "x" * 5000])
def test_no_other_text_is_a_ticket(office: TicketOffice, ticket: str) -> None:
    with pytest.raises(NotSignedIn):
        office.redeem("room", ticket)


def test_when_there_are_too_many_the_oldest_goes(office: TicketOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "MAX_TICKETS", 3)
    issued = [office.issue("room", number) for number in range(4)]
    with pytest.raises(NotSignedIn):
        office.redeem("room", issued[0])
    assert [office.redeem("room", ticket) for ticket in issued[1:]] == [1, 2, 3]


def test_expired_tickets_make_room_first(office: TicketOffice, clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "MAX_TICKETS", 2)
    office.issue("room", "old")
    clock.advance(TICKET_TTL_S)
    fresh = [office.issue("room", number) for number in range(2)]
    assert [office.redeem("room", ticket) for ticket in fresh] == [0, 1]
