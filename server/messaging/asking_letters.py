"""Letters by which a practice asks somebody for something that one person may take on by a link."""

from typing import NamedTuple

from server.access.model import Practice
from server.core.db import Tx
from server.messaging.composing import Post, in_look
from server.ports import Letter


class Asking(NamedTuple):
    """What is asked, in sentences to be translated, where {practice} may stand: in the subject, first, and before the link."""

    subject: str
    what: str
    how: str
    url: str
    days: int


async def asking_letter(tx: Tx, post: Post, practice: Practice, asking: Asking, to: str) -> Letter:
    """Return the message in the language and the look of the practice."""
    _ = post.languages.choose(practice.language, "").text
    sentences = [
        _(asking.what, practice=practice.name),
        _(asking.how),
        asking.url,
        _("The link is good for {days} days and for one person. Please give it to nobody.", days=asking.days),
        _("If you do not know this practice, you need to do nothing."),
    ]
    return await in_look(tx, practice, Letter(to, _(asking.subject, practice=practice.name), sentences))
