"""What somebody may do with a note at this moment, read afresh from the database."""

from server.access.viewer import load_viewer
from server.core.house import House
from server.errors import Forbidden, NotFound, NotSignedIn
from server.identity.gate import still_signed_in
from server.notes.doors import see_note
from server.notes.subject import NoteSubject


async def read_right(house: House, subject: NoteSubject) -> bool:
    """Return whether the note is writable; raises `NotSignedIn` and `Forbidden` when it may no longer be open at all."""
    if not await still_signed_in(house, subject.login_id):
        raise NotSignedIn
    async with house.database.read() as tx:
        viewer = await load_viewer(tx, subject.viewer.person_id)
        try:
            return (await see_note(tx, viewer, subject.consultation_id)).writable
        except NotFound:
            raise Forbidden from None
