"""Presence: nobody speaks for another, and the name is the server's."""

import json
from typing import Any
from uuid import UUID

import pytest

from server.notes.awareness import Presence, Who, read_own, told
from server.notes.yproto import NULL_STATE, Bad, awareness_message

ME = 22
WHO = Who(str(UUID(int=5)), "Nurse Bob Brown")
POSITION = {"type": {"client": 11, "clock": 3}, "tname": None, "item": {"client": 11, "clock": 9}, "assoc": 0}
CURSOR = {"anchor": POSITION, "head": {"tname": "plan", "assoc": -1}}


def state(**fields: Any) -> dict[str, Any]:
    return {"user": {"name": "Dr Alice Ahmed"}, "cursor": CURSOR, "section": "plan", "writing": True, **fields}


def test_a_state_of_ones_own_is_read() -> None:
    message = awareness_message({ME: (4, json.dumps(state()).encode())})
    assert read_own(message, ME) == (4, state())


@pytest.mark.parametrize(
    "message",
    [
        awareness_message({11: (4, b"{}")}),
        awareness_message({ME: (4, b"{}"), 11: (5, b"null")}),
        awareness_message({}),
        awareness_message({ME: (1 << 40, b"{}")}),
        awareness_message({ME: (4, b"{")}),
        awareness_message({ME: (4, b"[" * 100_000)}),
        awareness_message({ME: (4, b"\xff")}),
        awareness_message({ME: (4, b"{}")}) + b"\x00",
        b"\x01",
        b"\x01\x00",
    ],
)
def test_bad_41_awareness_for_others_or_broken(message: bytes) -> None:
    with pytest.raises(Bad):
        read_own(message, ME)


def test_the_server_says_who_it_is() -> None:
    shown = json.loads(told(state(), WHO))
    assert shown == {"user": {"id": WHO.person_id, "name": "Nurse Bob Brown"}, "cursor": CURSOR, "section": "plan", "writing": True}


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"section": "elsewhere"}, {"section": None}),
        ({"writing": "yes"}, {"writing": False}),
        ({"cursor": None}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {"tname": "elsewhere"}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {"evil": 1}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {"item": {"client": "x", "clock": 1}}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {"item": 5}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {"item": None, "type": None, "tname": None, "assoc": 0}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {"item": {"client": 1, "clock": -1}}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {"item": {"client": 1 << 32, "clock": 1}}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {"item": {"client": True, "clock": 1}}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {"tname": ["plan"]}}}, {"cursor": None}),
        ({"cursor": {"anchor": POSITION, "head": {**POSITION, "assoc": [1]}}}, {"cursor": None}),
        ({"section": ["plan"]}, {"section": None}),
        ({"more": "anything"}, {}),
    ],
)
def test_only_known_fields_are_told(fields: dict[str, Any], shown: dict[str, Any]) -> None:
    said = json.loads(told(state(**fields), WHO))
    assert said.keys() == {"user", "cursor", "section", "writing"}
    assert {key: said[key] for key in shown} == shown


@pytest.mark.parametrize("gone", [None, [], "x", 5])
def test_anything_but_an_object_means_gone(gone: Any) -> None:
    assert told(gone, WHO) == NULL_STATE


def test_old_states_are_not_heard_and_leaving_is_told_once() -> None:
    presence = Presence()
    assert presence.hear(ME, 4, b"{}")
    assert not presence.hear(ME, 4, b"{}")
    assert not presence.hear(ME, 3, b"{}")
    assert presence.hear(ME, 5, b"{}")
    assert presence.forget(ME) == (5, NULL_STATE)
    assert presence.forget(ME) is None
