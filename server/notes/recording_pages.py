"""A recording of a call as a professional plays and deletes it: nobody hears it who has not said what for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import NamedTuple
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from server.access.home import part_of
from server.access.model import Practice
from server.access.policy import Viewer
from server.access.viewer import load_viewer, names_of
from server.consultation.recorded import Gone, Recording, RecordingTrack
from server.consultation.recording_actions import THING, Deletion, delete, key_of
from server.core.audit import Act, AuditEntry, Deed, record
from server.core.db import Tx
from server.errors import Conflict, Forbidden, NotFound
from server.identity.gate import signed_in
from server.notes.recording_files import Film, NotThere, Piece, is_whole, read_piece
from server.notes.recordings import SeenRecording, Track, is_open, plays_of, recorder_of, see_recording, see_track, tracks_of
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import render

LONGEST_REASON = 500
HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-store",
    "Content-Disposition": "inline",
    "X-Content-Type-Options": "nosniff",
}
WEBM = "video/webm"


@dataclass(frozen=True)
class _Visit:
    """Whoever asks for a recording, inside the one transaction of the request."""

    tx: Tx
    viewer: Viewer
    seen: SeenRecording
    plays: list[AuditEntry]
    now: datetime

    @property
    def open(self) -> bool:
        return is_open(self.viewer, self.plays, self.now)


def routes() -> list[Route]:
    one = "/recordings/{recording_id:uuid}"
    return [
        Route(one, _show, methods=["GET"]),
        Route(one + "/listen", _listen, methods=["POST"]),
        Route(one + "/delete", _delete, methods=["POST"]),
        Route(one + "/tracks/{track_id:uuid}", _stream, methods=["GET"]),
    ]


async def _show(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, wrong: str | None = None, **given: str) -> Response:
    """Show the page, with what was wrong in a form and what stood in it."""
    house = house_of(request)
    async with house.database.read() as tx:
        visit = await _visit(request, tx)
        seen = visit.seen
        tracks = await tracks_of(tx, seen) if visit.open and seen.recording.playable else []
        practice = await tx.get_one(Practice, seen.consultation.practice_id)
        people = {play.person_id for play in visit.plays if play.person_id} | {seen.recording.deleted_by or visit.viewer.person_id}
        people |= {seen.recording.held_by or visit.viewer.person_id}
        shown = {
            "part": await part_of(tx, visit.viewer),
            "seen": seen,
            "recording": seen.recording,
            "open": visit.open,
            "plays": visit.plays,
            "names": await names_of(tx, people, practice.id),
            "zone": practice.time_zone,
        }
    checked = [(track, await _is_whole(request, seen.recording, track)) for track in tracks if not track.track.unseen]
    shown["unseen"] = sorted({(track.name or "", track.track.unseen) for track in tracks if track.track.unseen})
    shown["people"], shown["whole"] = _by_person(checked), all(whole for _, whole in checked)
    filled = {"why": "", "reason": "", **given}
    return render(request, "staff/recording.html", {**shown, "error": wrong, "given": filled}, status=422 if wrong else 200)


class _Stretch(NamedTuple):
    track: RecordingTrack
    whole: bool
    recorder: int


def _by_person(tracks: list[tuple[Track, bool]]) -> list[tuple[str | None, list[_Stretch]]]:
    """Put everybody's stretches together, with whether each is whole; those whose nobody knows stand for themselves."""
    people: dict[UUID, tuple[str | None, list[_Stretch]]] = {}
    for (track, name), whole in tracks:
        people.setdefault(track.participant_id or track.id, (name, []))[1].append(_Stretch(track, whole, recorder_of(track)))
    return list(people.values())


async def _is_whole(request: Request, recording: Recording, track: Track) -> bool:
    film = _film(request, recording, track.track)
    return film is not None and await asyncio.to_thread(is_whole, film)


async def _listen(request: Request) -> Response:
    """Keep who listens and what for; what cannot be kept is not played."""
    why = (await read_form(request)).get("why", "").strip()
    if not 0 < len(why) <= LONGEST_REASON:
        return await _page(request, "why", why=why[:LONGEST_REASON])
    async with house_of(request).database.write() as tx:
        visit = await _visit(request, tx)
        if not visit.seen.recording.playable:
            raise NotFound
        await record(tx, _deed(visit, Act.LISTENED, why), visit.now)
    return RedirectResponse(f"/recordings/{visit.seen.recording.id}#player", status_code=303)


async def _delete(request: Request) -> Response:
    form = await read_form(request)
    why = form.get("reason", "").strip()
    if form.get("sure") != "yes" or not 0 < len(why) <= LONGEST_REASON:
        wrong = "reason" if not 0 < len(why) <= LONGEST_REASON else "sure"
        return await _page(request, wrong, reason=why[:LONGEST_REASON])
    async with house_of(request).database.write() as tx:
        visit = await _visit(request, tx, lock=True)
        if not visit.seen.deletable:
            raise Forbidden
        if visit.seen.recording.running:
            raise Conflict("The call is still being recorded. Please stop it in the call.", code="recording")
        await delete(tx, visit.seen.recording, Deletion(Gone.BY_HAND, visit.viewer.person_id, why), visit.now)
    return RedirectResponse(f"/patients/{visit.seen.patient.id}#recordings", status_code=303)


async def _stream(request: Request) -> Response:
    """Answer a stretch of bytes; one answer to a range is bounded, and the browser asks on."""
    async with house_of(request).database.read() as tx:
        visit = await _visit(request, tx)
        if not visit.open:
            raise Forbidden
        track = await see_track(tx, visit.seen, request.path_params["track_id"])
    film = _film(request, visit.seen.recording, track)
    if film is None:
        raise Conflict("This recording cannot be opened at the moment.", code="damaged")
    wanted = request.headers.get("range")
    if request.headers.get("if-range", film.etag) != film.etag:
        wanted = None
    try:
        piece = await asyncio.to_thread(read_piece, film, wanted)
    except NotThere as error:
        return Response(status_code=416, headers={**HEADERS, "Content-Range": f"bytes */{error.size}"})
    return _answer(film, piece, whole=wanted is None)


def _answer(film: Film, piece: Piece, *, whole: bool) -> Response:
    headers = {**HEADERS, "ETag": film.etag}
    if whole:
        headers["Content-Length"] = str(piece.size)
        return StreamingResponse(_all(film, piece), headers=headers, media_type=WEBM)
    last = piece.start + len(piece.content) - 1
    headers["Content-Range"] = f"bytes {piece.start}-{last}/{piece.size}"
    return Response(piece.content, status_code=206, headers=headers, media_type=WEBM)


async def _all(film: Film, piece: Piece) -> AsyncIterator[bytes]:
    yield piece.content
    at = len(piece.content)
    while at < piece.size:
        part = await asyncio.to_thread(read_piece, film, f"bytes={at}-")
        yield part.content
        at += len(part.content)


async def _visit(request: Request, tx: Tx, *, lock: bool = False) -> _Visit:
    """Pass the door of the recording; raises `NotSignedIn` and `NotFound`."""
    who = await signed_in(request)
    now = house_of(request).clock.now()
    viewer = await load_viewer(tx, who, now)
    recording_id: UUID = request.path_params["recording_id"]
    seen = await see_recording(tx, viewer, recording_id, lock=lock)
    return _Visit(tx, viewer, seen, await plays_of(tx, recording_id), now)


def _film(request: Request, recording: Recording, track: RecordingTrack) -> Film | None:
    house = house_of(request)
    key = key_of(house.keyring, recording)
    if key is None:
        return None
    seconds = (track.ended_at - track.begun_at).total_seconds()
    return Film(house.settings.recordings_dir / track.file, PurePath(track.file).name, key, track.head, seconds)


def _deed(visit: _Visit, act: Act, why: str) -> Deed:
    seen = visit.seen
    return Deed(seen.consultation.practice_id, visit.viewer.person_id, act, THING, seen.recording.id, seen.patient.id, why)
