"""For any sequence of commands, snapshot + events = a fresh snapshot, for every page; and rights hold at every step."""

from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server.consultation.commands import (
    Admit,
    Agree,
    Caption,
    Chat,
    Command,
    End,
    Enter,
    Flowing,
    Hand,
    Hold,
    Leave,
    Media,
    Quality,
    Record,
    Refuse,
    Signal,
    Stuck,
)
from server.consultation.model import Stage
from server.consultation.recording import RecordingState
from server.consultation.recording_steps import in_call
from server.consultation.view import view_for
from server.errors import ConsiliumError
from tests.pure.room_game import ALICE, BOB, DANA, FAY, IMRAN, Game

EVERYBODY = st.sampled_from([ALICE, BOB, DANA, IMRAN, FAY])
MEANT = st.sampled_from([None, None, DANA, IMRAN, FAY, ALICE])
TEXT = st.sampled_from(["Hello", "One moment", "a\nb", "\u0645\u0631\u062d\u0628\u0627"])
REPORT = Quality(lost_in=0, lost_out=0, delay_ms=0, jitter_ms=0, in_kbps=0, out_kbps=0, frozen_ms=0, sound_only=False)
OFFER = {"type": "offer", "sdp": "v=0\r\n"}

COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Media, mic=st.booleans(), camera=st.booleans(), screen=st.booleans()),
    st.builds(Hand, up=st.booleans()),
    st.builds(Chat, body=TEXT),
    st.builds(Caption, body=TEXT, final=st.booleans(), source=st.just("typed")),
    st.just(REPORT),
    st.builds(Enter, quiet=st.booleans()),
    st.builds(Admit, participant=MEANT),
    st.builds(Hold, body=st.none() | TEXT, participant=MEANT),
    st.builds(Refuse, reason=TEXT, participant=MEANT),
    st.just(Leave()),
    st.builds(Record, on=st.booleans()),
    st.builds(Agree, yes=st.booleans()),
    st.just(Stuck()),
    st.builds(Flowing, epoch=st.integers(1000, 1010)),
    st.builds(End, outcome=st.sampled_from(["completed", "unsuitable", "absent"]), reason=st.none() | TEXT),
    st.builds(Signal, to=st.sampled_from([f"peer-{number}" for number in range(1, 8)]), description=st.just(OFFER)),
)


class RoomMachine(RuleBasedStateMachine):
    """Everything that can happen to a room, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.game = Game()
        self.said_to: dict[int, set[UUID]] = {}

    @rule(who=EVERYBODY)
    def join(self, who: UUID) -> None:
        self.knock(who, None, fresh=True)

    @rule(who=EVERYBODY, number=st.integers(1, 8))
    def resume(self, who: UUID, number: int) -> None:
        mine = self.game.roster.members[who].peer
        self.knock(who, mine.id if mine is not None else f"{who}-{number}", fresh=False)

    def knock(self, who: UUID, resumed: str | None, *, fresh: bool) -> None:
        before = self.game.roster
        try:
            self.game.join(who, resumed, fresh=fresh)
        except ConsiliumError:
            assert self.game.roster is before

    @rule(who=EVERYBODY, command=COMMANDS)
    def command(self, who: UUID, command: Command) -> None:
        before = self.game.roster
        there = {member.id for member in before.in_call}
        try:
            self.game.act(who, command)
            if isinstance(command, Chat):
                self.said_to[self.game.said] = there
        except ConsiliumError:
            assert self.game.roster is before

    @rule(who=EVERYBODY)
    def drop(self, who: UUID) -> None:
        self.game.drop(who)

    @rule(who=EVERYBODY)
    def expel(self, who: UUID) -> None:
        self.game.expel(who)

    @rule(who=st.sampled_from([IMRAN, FAY]))
    def withdraw(self, who: UUID) -> None:
        self.game.withdraw(who)

    @precondition(lambda self: self.game.pages)
    @rule(data=st.data())
    def old_socket_ends(self, data: st.DataObject) -> None:
        """The end of any socket that ever was, in whatever order they end."""
        self.game.lose(data.draw(st.sampled_from(sorted(self.game.pages))))

    @rule(seconds=st.sampled_from([1.0, 14.0, 29.0, 31.0, 700.0]))
    def pass_time(self, seconds: float) -> None:
        self.game.pass_time(seconds)

    @precondition(lambda self: self.game.engine.rooms)
    @rule()
    def engine_dies(self) -> None:
        for room in list(self.game.engine.rooms.values()):
            room.lose()
        self.game.hear_engine()

    @rule(available=st.booleans())
    def engine_is_there_or_not(self, available: bool) -> None:
        self.game.engine.available = available

    @rule()
    def restart(self) -> None:
        self.game.restart()

    @invariant()
    def every_page_shows_what_a_fresh_page_would(self) -> None:
        for handle, member in self.game.roster.connected():
            assert self.game.pages[handle].shows(view_for(self.game.roster, member, str))

    @invariant()
    def whoever_talks_is_in_the_engine_and_nobody_else(self) -> None:
        route, talking = self.game.roster.route, self.game.roster.talking
        halls = [room.peers for name, room in self.game.engine.rooms.items() if name.endswith(f"-{route.epoch}")]
        assert route.path == "engine" or not halls
        assert all(peers == talking for peers in halls)
        assert len(self.game.engine.rooms) <= (1 if route.settled else 2)
        assert all(room.peers <= talking for room in self.game.engine.rooms.values())

    @invariant()
    def three_never_talk_peer_to_peer(self) -> None:
        assert self.game.roster.route.path == "engine" or len(self.game.roster.talking) < 3

    @invariant()
    def patients_and_guests_see_nothing_of_devices_or_of_strangers(self) -> None:
        for handle, member in self.game.roster.connected():
            if not member.professional:
                shown = self.game.pages[handle].participants
                assert all(each["devices"] is None and each["booked_as"] is None for each in shown.values())
                assert str(BOB) not in shown or self.game.member(BOB).stage == Stage.IN_CALL

    @invariant()
    def whoever_is_in_the_call_sees_who_is(self) -> None:
        there = {str(member.id) for member in self.game.roster.in_call}
        for handle, member in self.game.roster.connected():
            shown = {name for name, each in self.game.pages[handle].participants.items() if each["stage"] == "in_call"}
            assert shown == there or member.stage != Stage.IN_CALL

    @invariant()
    def a_guest_outside_of_the_call_is_not_told_whose_it_is(self) -> None:
        for handle, member in self.game.roster.connected():
            if member.guest and member.stage != Stage.IN_CALL:
                assert str(DANA) not in self.game.pages[handle].participants

    @invariant()
    def a_guest_reads_what_was_said_to_them_and_nothing_else(self) -> None:
        for handle, member in self.game.roster.connected():
            if member.guest:
                assert all(member.id in self.said_to[message["id"]] for message in self.game.pages[handle].messages)

    @invariant()
    def nobody_is_shown_as_sending_outside_of_the_call(self) -> None:
        for page in self.game.pages.values():
            for shown in page.participants.values():
                assert shown["stage"] == "in_call" or not (shown["mic"] or shown["camera"] or shown["screen"] or shown["hand"])

    @invariant()
    def whoever_holds_a_place_is_here_or_has_the_grace(self) -> None:
        for member in self.game.roster.members.values():
            here = member.peer is not None and member.peer.present
            assert here or member.gone_at is not None or member.stage != Stage.IN_CALL

    @invariant()
    def nobody_is_recorded_who_has_not_agreed(self) -> None:
        now = self.game.roster.recording
        assert now.state != RecordingState.ON or in_call(self.game.roster) <= now.agreed
        assert now.state == RecordingState.OFF or in_call(self.game.roster)

    @invariant()
    def whoever_is_quiet_sends_nothing(self) -> None:
        for page in self.game.pages.values():
            for shown in page.participants.values():
                assert not shown["quiet"] or (shown["stage"] == "in_call" and not (shown["mic"] or shown["camera"] or shown["screen"]))

    @invariant()
    def peers_are_never_shared(self) -> None:
        peers = [member.peer.id for member in self.game.roster.members.values() if member.peer is not None]
        assert len(peers) == len(set(peers))
        assert not set(peers) & set(self.game.roster.retired)


TestRoom = pytest.mark.row("V3")(pytest.mark.row("V4")(RoomMachine.TestCase))
TestRoom.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
