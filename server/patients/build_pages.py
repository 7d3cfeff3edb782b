"""The pages on which a professional builds the practice's questionnaires. Plain forms, no script."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.policy import Viewer
from server.access.viewer import professional_of
from server.core.db import Tx
from server.errors import Conflict, Invalid
from server.patients.answer_doors import newest_version
from server.patients.building import (
    add_questionnaire,
    discard,
    edit,
    find_question,
    lower_question,
    new_question_id,
    publish,
    put_question,
    raise_question,
    remove_question,
    rename,
    see_questionnaire,
    see_questionnaires,
    usual_questionnaire,
)
from server.patients.questionnaire import Questionnaire
from server.patients.questions import BAD_KIND, AnswerKind, Question, options_of, unpacked
from server.web.endpoint import house_of
from server.web.forms import read_form
from server.web.pages import language_of, render

HOME = "/questionnaires"
FIELDS = ("text", "hint", "unit", "low", "high", "options")
MOVES: Mapping[str, Callable[[Questionnaire, str], None]] = {"up": raise_question, "down": lower_question, "remove": remove_question}
Form = Mapping[str, str]


def routes() -> list[Route]:
    one = HOME + "/{questionnaire_id:uuid}"
    both = ["GET", "POST"]
    return [
        Route(HOME, _home, methods=both),
        Route(one, _show, methods=both),
        Route(one + "/preview", _preview),
        Route(one + "/questions/new", _question, methods=both),
        Route(one + "/questions/{question}", _question, methods=both),
    ]


async def _home(request: Request) -> Response:
    viewer = await professional_of(request)
    if request.method != "POST":
        async with house_of(request).database.read() as tx:
            return await _listed(tx, request, viewer)
    form, now = await read_form(request), house_of(request).clock.now()
    async with house_of(request).database.write() as tx:
        try:
            if form.get("do") == "usual":
                made = await usual_questionnaire(tx, viewer, language_of(request), now)
            else:
                made = await add_questionnaire(tx, viewer, form.get("name", ""), now)
        except (Invalid, Conflict) as error:
            return await _listed(tx, request, viewer, form.get("name", ""), error)
    return _to(made.id)


async def _listed(tx: Tx, request: Request, viewer: Viewer, name: str = "", error: Invalid | Conflict | None = None) -> Response:
    found = await see_questionnaires(tx, viewer)
    shown = {
        "questionnaires": [(one, version, len(unpacked(version.questions if version else one.draft))) for one, version in found],
        "has_usual": any(one.usual for one, _version in found),
        "name": name,
        "error": _told(request, error),
    }
    return render(request, "staff/questionnaires.html", shown, status=error.http_status if error else 200)


async def _show(request: Request) -> Response:
    viewer = await professional_of(request)
    if request.method != "POST":
        async with house_of(request).database.read() as tx:
            return await _shown(tx, request, viewer)
    form = await read_form(request)
    try:
        async with house_of(request).database.write() as tx:
            await _act(tx, request, viewer, form)
    except (Invalid, Conflict) as error:
        async with house_of(request).database.read() as tx:
            return await _shown(tx, request, viewer, error, form.get("name"))
    return _to(_id(request))


async def _act(tx: Tx, request: Request, viewer: Viewer, form: Form) -> None:
    """Do what the button says: its name is in `do`, and the question's id behind a colon."""
    what, _colon, question_id = form.get("do", "").partition(":")
    edited = partial(edit, tx, viewer, _id(request), _edits(form))
    if what == "publish":
        await publish(tx, viewer, await edited(_as_it_is), house_of(request).clock.now())
    elif what == "discard":
        await discard(tx, await edited(_as_it_is))
    elif what in MOVES:
        await edited(lambda questionnaire: MOVES[what](questionnaire, question_id))
    else:
        await edited(lambda questionnaire: rename(questionnaire, form.get("name", "")))


def _as_it_is(questionnaire: Questionnaire) -> None:
    del questionnaire


async def _shown(tx: Tx, request: Request, viewer: Viewer, error: Invalid | Conflict | None = None, name: str | None = None) -> Response:
    questionnaire = await see_questionnaire(tx, viewer, _id(request))
    newest = await newest_version(tx, questionnaire.id)
    shown = {
        "questionnaire": questionnaire,
        "name": questionnaire.name if name is None else name,
        "questions": unpacked(questionnaire.draft),
        "newest": newest,
        "changed": newest is not None and newest.questions != questionnaire.draft,
        "kinds": list(AnswerKind),
        "error": _told(request, error),
    }
    return render(request, "staff/questionnaire.html", shown, status=error.http_status if error else 200)


async def _preview(request: Request) -> Response:
    """Show the draft as patients will see it."""
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        questionnaire = await see_questionnaire(tx, viewer, _id(request))
    return render(request, "staff/questionnaire_preview.html", {"questionnaire": questionnaire, "questions": unpacked(questionnaire.draft)})


async def _question(request: Request) -> Response:
    viewer = await professional_of(request)
    async with house_of(request).database.read() as tx:
        questionnaire = await see_questionnaire(tx, viewer, _id(request))
    question_id = request.path_params.get("question")
    known = find_question(questionnaire, question_id) if question_id else None
    if request.method != "POST":
        kind = known.kind if known else _kind(request.query_params.get("kind", ""))
        return _question_form(request, questionnaire, kind, _form_of(known, questionnaire))
    form = await read_form(request)
    kind = known.kind if known else _kind(form.get("kind", ""))
    try:
        async with house_of(request).database.write() as tx:
            question = _read(question_id or new_question_id(), kind, form)
            await edit(tx, viewer, questionnaire.id, _edits(form), lambda one: put_question(one, question))
    except (Invalid, Conflict) as error:
        return _question_form(request, questionnaire, kind, form, error)
    return _to(questionnaire.id, "#questions")


def _question_form(
    request: Request, questionnaire: Questionnaire, kind: AnswerKind, form: Form, error: Invalid | Conflict | None = None
) -> Response:
    fresh = {"edits": str(questionnaire.edits)} if error and error.code == "stale" else {}  # so that what was written can be saved then
    shown = {
        "questionnaire": questionnaire,
        "kind": kind,
        "form": {**dict.fromkeys((*FIELDS, "required", "edits"), ""), **form, **fresh},
        "new": "question" not in request.path_params,
        "error": _told(request, error),
    }
    return render(request, "staff/question_form.html", shown, status=error.http_status if error else 200)


def _form_of(question: Question | None, questionnaire: Questionnaire) -> dict[str, str]:
    edits = {"edits": str(questionnaire.edits)}
    if question is None:
        return {**edits, "required": "yes"}
    texts = {field: str(getattr(question, field)) for field in FIELDS if field != "options"}
    return {**texts, **edits, "options": "\n".join(question.options), "required": "yes" if question.required else ""}


def _read(question_id: str, kind: AnswerKind, form: Form) -> Question:
    """Read the form; what the kind does not have is left out."""
    number, choice = kind is AnswerKind.NUMBER, kind in {AnswerKind.ONE, AnswerKind.SEVERAL}
    low, high = (form.get(field, "").replace(",", ".") if number else "" for field in ("low", "high"))
    return Question(
        id=question_id,
        kind=kind,
        text=form.get("text", ""),
        hint=form.get("hint", ""),
        required=form.get("required") == "yes",
        unit=form.get("unit", "") if number else "",
        low=low,
        high=high,
        options=options_of(form.get("options", "")) if choice else (),
    )


def _kind(text: str) -> AnswerKind:
    try:
        return AnswerKind(text)
    except ValueError:
        raise Invalid(BAD_KIND, code="kind") from None


def _edits(form: Form) -> int:
    text = form.get("edits", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _told(request: Request, error: Invalid | Conflict | None) -> dict[str, Any] | None:
    return {"field": error.code, "sentence": language_of(request).text(error.message)} if error else None


def _to(questionnaire_id: UUID, part: str = "") -> Response:
    return RedirectResponse(f"{HOME}/{questionnaire_id}{part}", status_code=303)


def _id(request: Request) -> UUID:
    return cast(UUID, request.path_params["questionnaire_id"])
