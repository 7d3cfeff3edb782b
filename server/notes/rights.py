"""What somebody may do with a note at this moment, read afresh from the database."""

from datetime import datetime

from server.access.policy import Viewer
from server.access.viewer import load_viewer
from server.core.db import Tx
from server.core.house import House
from server.errors import Forbidden, NotFound, NotSignedIn
from server.identity.model import LoginSession
from server.notes.doors import see_note
from server.notes.subject import NoteSubject
from server.settings import Settings


async def still_viewer(tx: Tx, settings: Settings, subject: NoteSubject, now: datetime) -> Viewer:
    """Return the viewer of a ticket as of now; raises `NotSignedIn` for a login that has ended since."""
    login = await tx.get(LoginSession, subject.login_id)
    if login is None or not login.alive(now, settings):
        raise NotSignedIn
    return await load_viewer(tx, subject.viewer.person_id, now)


async def read_right(house: House, subject: NoteSubject) -> bool:
    """Return whether the note is writable; raises `NotSignedIn` and `Forbidden` when it may no longer be open at all."""
    async with house.database.read() as tx:
        viewer = await still_viewer(tx, house.settings, subject, house.clock.now())
        try:
            return (await see_note(tx, viewer, subject.public_id)).writable
        except NotFound:
            raise Forbidden from None
