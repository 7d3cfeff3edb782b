"""What somebody may do with a note at this moment, read afresh from the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from server.access.policy import Viewer
from server.access.viewer import viewer_of_login
from server.core.db import Tx
from server.core.house import House
from server.errors import ConsiliumError, Forbidden, NotSignedIn
from server.identity.model import LoginSession
from server.notes.doors import Key, SeenNote, see_notes
from server.notes.subject import NoteSubject
from server.settings import Settings


async def still_viewer(tx: Tx, settings: Settings, subject: NoteSubject, now: datetime) -> Viewer:
    """Return the viewer of a ticket as of now; raises `NotSignedIn` for a login that has ended since."""
    login = await tx.get(LoginSession, subject.login_id)
    if login is None or not login.opens(now, settings):
        raise NotSignedIn
    return await viewer_of_login(tx, login, now)


async def read_rights(house: House, subjects: Sequence[NoteSubject]) -> list[bool | ConsiliumError]:
    """Return for each whether their note is writable, or why it may no longer be open.

    Each login is looked at once and all notes together: a pass over every open note must not cost a keystroke.
    """
    async with house.database.read() as tx:
        viewers = await _viewers(tx, house, subjects)
        asked = [(viewer, subject.public_id) for subject in subjects if isinstance(viewer := viewers[subject.login_id], Viewer)]
        seen = await see_notes(tx, asked)
    return [_right(viewers[subject.login_id], _seen(seen, viewers[subject.login_id], subject)) for subject in subjects]


async def _viewers(tx: Tx, house: House, subjects: Sequence[NoteSubject]) -> dict[UUID, Viewer | NotSignedIn]:
    found: dict[UUID, Viewer | NotSignedIn] = {}
    for subject in subjects:
        if subject.login_id not in found:
            try:
                found[subject.login_id] = await still_viewer(tx, house.settings, subject, house.clock.now())
            except NotSignedIn as error:
                found[subject.login_id] = error
    return found


def _seen(seen: Mapping[Key, SeenNote], viewer: Viewer | NotSignedIn, subject: NoteSubject) -> SeenNote | None:
    """The same person may have the note open in one browser, and be at work in another practice in the next."""
    return None if isinstance(viewer, NotSignedIn) else seen.get(Key(viewer.person_id, viewer.practice_id, subject.public_id))


def _right(viewer: Viewer | NotSignedIn, seen: SeenNote | None) -> bool | ConsiliumError:
    if isinstance(viewer, NotSignedIn):
        return viewer
    return Forbidden() if seen is None else seen.writable
