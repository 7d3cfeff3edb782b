"""The JSON API for whoever stands for a text: look at it, sign, lock, amend, release."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.policy import Verb
from server.access.viewer import load_viewer, names_of
from server.core.db import Tx
from server.identity.gate import SignedIn, signed_in
from server.identity.passwords import LONGEST_PASSWORD, Passwords
from server.identity.proof import prove_again
from server.notes.answers import ContributorAnswer, ReviewAnswer, note_answer, plain_sections, signatures
from server.notes.compare import who_contributed
from server.notes.doors import SeenNote
from server.notes.http import seen_note
from server.notes.hub import Hub
from server.notes.loading import Text, authors_of, past_of, text_now
from server.notes.model import Purpose
from server.notes.prose import Prose
from server.notes.signing import Signer, Wish, moved
from server.web.endpoint import Empty, Strict, answer, house_of, read_body


class Reviewed(Strict):
    """The text that was looked at, by its last row."""

    seq: Annotated[int, Field(ge=0)]
    head: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Signature(Reviewed):
    password: Annotated[str, Field(min_length=1, max_length=LONGEST_PASSWORD)]
    lock: bool


class Amendment(Strict):
    purpose: Annotated[Purpose, Field(strict=False)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Restoration(Strict):
    seq: Annotated[int, Field(ge=1)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


def routes(passwords: Passwords) -> list[Route]:
    async def sign(request: Request) -> Response:
        who = await signed_in(request)
        body = await read_body(request, Signature)
        seen = await seen_note(request, Verb.LOCK if body.lock else Verb.SIGN)
        await prove_again(request, passwords, who.person_id, body.password)
        text = await _reviewed(request, seen, body)
        async with house_of(request).database.write() as tx:
            signer = await _signer(request, tx, who)
            signed = await (signer.lock if body.lock else signer.sign)(seen.note.public_id, text)
            told = await note_answer(tx, signed)
        hub = _hub(request)
        (hub.lock if body.lock else hub.tell_standing)(seen.note.id)
        return answer(told)

    one = "/api/notes/{note_id:uuid}"
    return [
        Route(one + "/review", _review, methods=["POST"]),
        Route(one + "/sign", sign, methods=["POST"]),
        Route(one + "/amend", _amend, methods=["POST"]),
        Route(one + "/restore", _restore, methods=["POST"]),
        Route(one + "/release", _release, methods=["POST"]),
        Route(one + "/release", _take_back, methods=["DELETE"]),
    ]


async def _review(request: Request) -> Response:
    """Whatever the note has accepted is on disk before its text is shown: nobody signs words that a crash could take back."""
    await signed_in(request)
    await read_body(request, Empty)
    seen = await seen_note(request, Verb.SIGN)
    await _hub(request).settle(seen.note.id)
    house = house_of(request)
    text = await text_now(house, seen.note.id)
    contributors = await _contributors(request, seen, text.prose)
    async with house.database.read() as tx:
        signed = (await signatures(tx, [seen.note.id]))[seen.note.id]
        writing = await names_of(tx, _hub(request).writers(seen.note.id) - {seen.viewer.person_id}, seen.facts.practice_id)
    return answer(
        ReviewAnswer(
            seq=text.fixed.seq,
            head=text.fixed.head.hex(),
            sha256=text.fixed.sha256.hex(),
            sections=plain_sections(text.prose),
            contributors=contributors,
            signatures=signed,
            writing=sorted(writing.values()),
        )
    )


async def _contributors(request: Request, seen: SeenNote, prose: Prose) -> list[ContributorAnswer]:
    house = house_of(request)
    authors, past = await authors_of(house, seen.note.id), await past_of(house, seen.note.id)
    letters = dict.fromkeys(authors.names, 0)
    for client_id, count in who_contributed(await past.by_first_writers(prose)).items():
        if client_id in authors.by_client:
            letters[authors.by_client[client_id]] += count
    return [
        ContributorAnswer(name=authors.names[person_id], letters=count, you=person_id == seen.viewer.person_id)
        for person_id, count in letters.items()
        if count
    ]


async def _amend(request: Request) -> Response:
    who = await signed_in(request)
    body = await read_body(request, Amendment)
    return await _begin(request, who, Wish(body.purpose, body.reason))


async def _restore(request: Request) -> Response:
    """Begin an amendment with a text that the note had before."""
    who = await signed_in(request)
    body = await read_body(request, Restoration)
    seen = await seen_note(request, Verb.HISTORY)
    text = await (await past_of(house_of(request), seen.note.id)).at(body.seq)
    return await _begin(request, who, Wish(Purpose.AMENDMENT, body.reason, text.prose))


async def _begin(request: Request, who: SignedIn, wish: Wish) -> Response:
    async with house_of(request).database.write() as tx:
        signer = await _signer(request, tx, who)
        made = await signer.amend(request.path_params["note_id"], wish)
        told = await note_answer(tx, made)
    if made.note.amends_id is not None:
        _hub(request).tell_standing(made.note.amends_id)
    return answer(told, status=201)


async def _release(request: Request) -> Response:
    who = await signed_in(request)
    body = await read_body(request, Reviewed)
    seen = await seen_note(request, Verb.RELEASE)
    text = await _reviewed(request, seen, body)
    async with house_of(request).database.write() as tx:
        signer = await _signer(request, tx, who)
        told = await note_answer(tx, await signer.release(seen.note.public_id, text))
    _hub(request).tell_standing(seen.note.id)
    return answer(told)


async def _take_back(request: Request) -> Response:
    who = await signed_in(request)
    async with house_of(request).database.write() as tx:
        signer = await _signer(request, tx, who)
        seen = await signer.take_back(request.path_params["note_id"])
        told = await note_answer(tx, seen)
    _hub(request).tell_standing(seen.note.id)
    return answer(told)


async def _reviewed(request: Request, seen: SeenNote, body: Reviewed) -> Text:
    """Return the note's last text, if it is the one that was looked at; raises `Conflict`."""
    await _hub(request).settle(seen.note.id)
    text = await text_now(house_of(request), seen.note.id)
    if (text.fixed.seq, text.fixed.head.hex()) != (body.seq, body.head):
        raise moved()
    return text


async def _signer(request: Request, tx: Tx, who: SignedIn) -> Signer:
    house = house_of(request)
    now = house.clock.now()
    return Signer(tx, house.keyring, await load_viewer(tx, who, now), now)


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.notes
    return hub
