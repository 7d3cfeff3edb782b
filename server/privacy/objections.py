"""An objection to news and advertising counts at once, without a reason and without a reviewer (UK GDPR, Article 21(3))."""

from datetime import datetime

from server.circulars.consents import Choice, choose, close_all
from server.circulars.model import Via
from server.circulars.switches import desk_of
from server.circulars.wording import NEWS as BY
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.house import House
from server.core.marking import _
from server.patients.doors import OwnRecord
from server.privacy.request_rows import RightsRequest
from server.privacy.request_words import Kind, State
from server.privacy.requests import THING, settle, store
from server.web.i18n import Language

NEWS = "news"  # in the form, beside the kinds
CHOICE = _("Stop news and advertising, at once")
ASKED = _("No news and no advertising.")
ANSWER = _("They are stopped. Messages about your appointments still come.")


async def refuse_news(tx: Tx, house: House, own: OwnRecord, language: Language, now: datetime) -> RightsRequest:
    """Stop them, and keep that and when it was asked and done."""
    request = store(tx, house.keyring, own, Kind.OBJECTION, language.text(ASKED), now)
    await settle(tx, house.keyring, request, State.DONE, language.text(ANSWER), now)
    desk = desk_of(house)
    await close_all(tx, desk, own.patient, now)
    await choose(tx, desk, own.patient, Choice((), tuple(BY), Via.ACCOUNT, own.reader_id, language), now)
    deed = Deed(request.practice_id, own.reader_id, Act.ASKED, THING, request.id, request.patient_id, "objection: news")
    await record(tx, deed, now)
    return request
