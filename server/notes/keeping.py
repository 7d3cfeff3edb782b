"""Whether a computer may keep what is typed while the server is away, and the secret without which what it kept is noise."""

from base64 import b64encode

from server.access.model import Practice
from server.access.policy import Viewer
from server.core.crypto import Secrets
from server.core.db import Tx
from server.identity.model import LoginSession
from server.notes.subject import NoteSubject

PURPOSE = "kept text of a note"


async def keeping_secret(tx: Tx, secrets: Secrets, viewer: Viewer, subject: NoteSubject) -> str | None:
    """Return the secret in base64 for this login and note, or None where nothing may be kept.

    It is given only in a hello, which an ended login or a withdrawn right never gets; another login gets another secret.
    """
    if viewer.practice_id is None or (await tx.get_one(LoginSession, subject.login_id)).shared:
        return None
    if not (await tx.get_one(Practice, viewer.practice_id)).keeps_drafts:
        return None
    return b64encode(secrets.mac(PURPOSE, str(subject.login_id), str(subject.public_id))).decode()
