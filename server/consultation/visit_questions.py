"""The questions before a consultation on the patient's way: one on each page, a page to check them, and sending.

Every page works without a script; with one, what is written is saved while it is written.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from starlette.requests import Request
from starlette.responses import Response

from server.consultation.acting import note_acted
from server.consultation.visit_asked import Asked, asked_at, draft_at, earlier_of, find_login, refuse_late
from server.consultation.visit_view import GoTo, go_to, show
from server.core.audit import Act
from server.core.db import Tx
from server.core.marking import _
from server.errors import Conflict, Invalid
from server.patients.answer_doors import Sheet
from server.patients.answer_words import lines_of, words_of
from server.patients.answering import Fields, answer_of, answers_of, draft_of, faults_of, fields_named, taken_over, typed
from server.patients.answers import begin, drop_draft, save, send
from server.patients.questions import Question
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.i18n import Language
from server.web.pages import language_of

MAX_FORM = 160 * 1024  # a text that is ten times too long still comes back to be shortened
UNKNOWN = _("This is no question that is asked here. Please begin anew from the link.")


class _Written(NamedTuple):
    """What stands in the fields of a question; `checking`: the page to check the answers comes next."""

    question: Question
    fields: Fields
    checking: bool


async def questions_page(request: Request) -> Response:
    """Say what is asked and how far it is; a form on it begins, changes, or takes over what was answered before."""
    who = await find_login(request)
    async with house_of(request).database.read() as tx:
        asked = await asked_at(tx, request)
        earlier = await earlier_of(tx, request, asked, who)
    if request.method != "POST":
        return _show_start(request, asked, earlier)
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            asked = await asked_at(tx, request, lock=True)
            refuse_late(asked)
            earlier = await earlier_of(tx, request, asked, who)
            return go_to(asked.base + await _begin(tx, request, asked, earlier, form.get("do", "")))
    except Conflict as error:
        return _show_closed(request, asked, error)


async def _begin(tx: Tx, request: Request, asked: Asked, earlier: Sheet | None, what: str) -> str:
    """Do what the button says, and return the page that follows."""
    house = house_of(request)
    if what == "keep" and asked.sheets.sent is not None:
        await drop_draft(tx, asked.mine.appointment.id)
        return ""
    if earlier is None or what not in {"agree", "review"}:
        sheet = await draft_at(tx, request, asked)
        return "/check" if what == "change" else _first_open(sheet)
    draft = taken_over(earlier.questions, earlier.answers or {}, asked.questions)
    sheet = await begin(tx, house.keyring, asked.sitting, draft, asked.view.now)
    if what == "review":
        return "/check"
    if faults_of(sheet.questions, draft):
        return _first_open(sheet)
    send(house.keyring, sheet, sheet.row.edits, asked.view.now)
    return "?sent"


def _first_open(sheet: Sheet) -> str:
    """Return the first question without an answer as it should be, or the page to check them all."""
    faults = faults_of(sheet.questions, sheet.draft or {})
    return next((f"/{place}" for place, one in enumerate(sheet.questions, 1) if one.id in faults), "/check")


async def question_page(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        asked = await asked_at(tx, request)
    question = _question(request, asked)
    if request.method != "POST":
        if asked.sheets.draft is None or asked.sheets.draft.draft is None or asked.too_late:
            raise GoTo(asked.base)
        fields = asked.sheets.draft.draft.get(question.id, {})
        return _show_question(request, asked, _Written(question, fields, checking="check" in request.query_params))
    form = await read_form(request, MAX_FORM)
    written = _Written(question, typed(question, form), checking=form.get("to") == "check")
    try:
        asked = await _save(request, form)
        if "back" not in form:
            answer_of(question, written.fields)
    except Invalid as error:
        return _show_question(request, asked, written, error)
    except Conflict as error:
        return _show_closed(request, asked, error, written.fields)
    return go_to(asked.base + _next(request, asked, back="back" in form, checking=written.checking))


async def save_draft(request: Request) -> Response:
    """Keep what is being written, for the page's script: an answer without a word says that it is stored."""
    async with house_of(request).database.read() as tx:
        await asked_at(tx, request)
    await _save(request, await read_form(request, MAX_FORM))
    return Response(status_code=204)


async def _save(request: Request, form: Fields) -> Asked:
    """Keep what was written, be it an answer or not; raises `Invalid` and `Conflict`. What says the same as was sent changes nothing."""
    house = house_of(request)
    async with house.database.write() as tx:
        asked = await asked_at(tx, request, lock=True)
        refuse_late(asked)
        question = _question(request, asked)
        if form.get("question") != question.id:
            raise Invalid(UNKNOWN, code="question")
        fields = typed(question, form)
        if asked.sheets.draft is not None or not _says_what_was_sent(asked, question, fields):
            save(house.keyring, await draft_at(tx, request, asked), question, fields, asked.view.now)
    return asked


def _says_what_was_sent(asked: Asked, question: Question, fields: Fields) -> bool:
    sent = asked.sheets.sent
    if sent is None or sent.answers is None:
        return False
    return draft_of(sent.questions, sent.answers).get(question.id, {}) == fields


async def check_page(request: Request) -> Response:
    """Show every answer with a way to change it, and send them."""
    async with house_of(request).database.read() as tx:
        asked = await asked_at(tx, request)
    if request.method != "POST":
        return _show_check(request, asked)
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            asked = await asked_at(tx, request, lock=True)
            refuse_late(asked)
            if asked.sheets.draft is None:
                raise GoTo(asked.base)
            send(house_of(request).keyring, asked.sheets.draft, _edits(form), asked.view.now)
            await note_acted(tx, asked.view.visit, Act.ANSWERED, "answers", asked.view.now)
    except (Conflict, Invalid) as error:
        if error.code in {"begun", "unreadable"}:
            return _show_closed(request, asked, cast(Conflict, error))
        return _show_check(request, asked, error)
    return go_to(f"{asked.base}?sent")


def _question(request: Request, asked: Asked) -> Question:
    """Return the question of this address; raises `GoTo` where there is none."""
    place: int = request.path_params["place"]
    if not 1 <= place <= len(asked.questions):
        raise GoTo(asked.base)
    return asked.questions[place - 1]


def _next(request: Request, asked: Asked, *, back: bool, checking: bool) -> str:
    place: int = request.path_params["place"]
    if back:
        return f"/{place - 1}" if place > 1 else ""
    return "/check" if checking or place == len(asked.questions) else f"/{place + 1}"


def _edits(form: Mapping[str, str]) -> int:
    text = form.get("edits", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _show_start(request: Request, asked: Asked, earlier: Sheet | None) -> Response:
    language = language_of(request)
    shown: dict[str, Any] = {
        "asked": asked,
        "count": len(asked.questions),
        "earlier": lines_of(language, earlier.questions, earlier.answers or {}) if earlier else None,
        "earlier_at": earlier.row.sent_at if earlier else None,
        "said": "sent" in request.query_params and asked.sheets.sent is not None,
    }
    return show(request, asked.view, "questions", **shown)


def _show_question(request: Request, asked: Asked, written: _Written, error: Invalid | None = None) -> Response:
    names = fields_named(written.question)
    shown = {
        "asked": asked,
        **written._asdict(),
        "place": request.path_params["place"],
        "fault": language_of(request).text(error.message) if error else "",
        "wrong": error.code if error and error.code in names else names[0],
    }
    return show(request, asked.view, "question", status=error.http_status if error else 200, **shown)


def _show_check(request: Request, asked: Asked, error: Conflict | Invalid | None = None) -> Response:
    sheet = asked.sheets.draft
    if sheet is None or sheet.draft is None or asked.too_late:
        raise GoTo(asked.base)
    language = language_of(request)
    faults = faults_of(sheet.questions, sheet.draft)
    rows = [(one, _written(language, one, sheet.draft.get(one.id, {})), language.text(faults.get(one.id, ""))) for one in sheet.questions]
    shown = {"asked": asked, "rows": rows, "edits": sheet.row.edits, "error": error.code if error else None}
    return show(request, asked.view, "questions_check", status=error.http_status if error else 200, **shown)


def _written(language: Language, question: Question, fields: Fields) -> str:
    """Say the answer in words, or what was written where it is none yet."""
    try:
        answer = answers_of([question], {question.id: fields}).get(question.id)
    except Invalid:
        return " ".join(fields.values())
    return words_of(language, question, answer) if answer is not None else ""


def _show_closed(request: Request, asked: Asked, error: Conflict, fields: Fields | None = None) -> Response:
    """Say why nothing was stored, with what was written, so that it can be read out in the call."""
    shown = {"asked": asked, "sentence": language_of(request).text(error.message), "fields": list((fields or {}).values())}
    return show(request, asked.view, "questions_closed", status=error.http_status, **shown)


PAGES = [
    ("/questions", questions_page, ["GET", "POST"]),
    ("/questions/check", check_page, ["GET", "POST"]),
    ("/questions/{place:few}", question_page, ["GET", "POST"]),
    ("/questions/{place:few}/draft", save_draft, ["POST"]),
]
