"""The JSON API of templates and snippets, and what of them may be inserted into one note."""

from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.access.policy import Verb
from server.access.viewer import administers, load_viewer
from server.core.db import Tx
from server.errors import Forbidden
from server.identity.gate import SignedIn, signed_in
from server.notes.doors import see_note
from server.notes.insertable import texts_for
from server.notes.model import NoteSnippet, NoteTemplate
from server.notes.patient_answers import are_asked_for
from server.notes.templates import MAX_BODY, MAX_NAME, MAX_SNIPPET, SHORTCUT, unpacked
from server.notes.text_actions import (
    Owner,
    Place,
    Writer,
    add_snippet,
    add_template,
    change_snippet,
    change_template,
    delete_text,
    owner_of,
)
from server.notes.text_doors import see_snippets, see_templates
from server.web.endpoint import Strict, answer, house_of, read_body
from server.web.pages import language_of

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(lambda name: " ".join(name.split()))]
Text = Annotated[str, StringConstraints(max_length=MAX_BODY)]
Which = Annotated[Owner, Field(strict=False)]
Shortcut = Annotated[str, Field(pattern=SHORTCUT)]
Snippet = Annotated[str, Field(min_length=1, max_length=MAX_SNIPPET)]


class Body(Strict):
    """The text of a template by section; what is not given is empty."""

    subjective: Text = ""
    objective: Text = ""
    assessment: Text = ""
    plan: Text = ""


class ChangedTemplate(Strict):
    name: Name
    sections: Body


class NewTemplate(ChangedTemplate):
    owner: Which


class ChangedSnippet(Strict):
    """`shortcut` without the `;` with which it is typed."""

    shortcut: Shortcut
    text: Snippet


class NewSnippet(ChangedSnippet):
    owner: Which


class TemplateAnswer(BaseModel):
    id: UUID
    owner: Owner
    name: str
    sections: dict[str, str]
    may_change: bool


class SnippetAnswer(BaseModel):
    id: UUID
    owner: Owner
    shortcut: str
    text: str
    may_change: bool


class TextsAnswer(BaseModel):
    """`may_add` lists for whom whoever asks may add: themselves, the practice."""

    templates: list[TemplateAnswer]
    snippets: list[SnippetAnswer]
    may_add: list[Owner]


class InsertableAnswer(BaseModel):
    """By section what to insert, as nodes of the editor."""

    name: str
    sections: dict[str, list[dict[str, Any]]]


class ShortcutAnswer(BaseModel):
    shortcut: str
    nodes: list[dict[str, Any]]


class InsertablesAnswer(BaseModel):
    """`answers`: the patient was asked something before, and whoever asks may see what they answer."""

    templates: list[InsertableAnswer]
    snippets: list[ShortcutAnswer]
    answers: bool


def routes() -> list[Route]:
    return [
        Route("/api/templates", _list),
        Route("/api/templates", _add_template, methods=["POST"]),
        Route("/api/templates/{template_id:uuid}", _change_template, methods=["PUT"]),
        Route("/api/templates/{template_id:uuid}", _delete_template, methods=["DELETE"]),
        Route("/api/snippets", _add_snippet, methods=["POST"]),
        Route("/api/snippets/{snippet_id:uuid}", _change_snippet, methods=["PUT"]),
        Route("/api/snippets/{snippet_id:uuid}", _delete_snippet, methods=["DELETE"]),
        Route("/api/notes/{note_id:uuid}/texts", _insertables),
    ]


async def load_writer(tx: Tx, request: Request, who: SignedIn) -> Writer:
    """Return who keeps texts; raises `Forbidden` for whoever neither writes notes nor administers a practice."""
    viewer = await load_viewer(tx, who, house_of(request).clock.now())
    writer = Writer(viewer, await administers(tx, viewer))
    if not writer.owners:
        raise Forbidden
    return writer


async def _list(request: Request) -> Response:
    who = await signed_in(request)
    async with house_of(request).database.read() as tx:
        writer = await load_writer(tx, request, who)
        templates, snippets = await see_templates(tx, writer.viewer), await see_snippets(tx, writer.viewer)
    told = [_template(writer, one) for one in templates]
    return answer(TextsAnswer(templates=told, snippets=[_snippet(writer, one) for one in snippets], may_add=writer.owners))


async def _add_template(request: Request) -> Response:
    who = await signed_in(request)
    body = await read_body(request, NewTemplate)
    house = house_of(request)
    await house.limiter.hit("create", str(who.person_id))
    async with house.database.write() as tx:
        writer = await load_writer(tx, request, who)
        made = await add_template(tx, Place(writer, body.owner), body.name, body.sections.model_dump(), house.clock.now())
    return answer(_template(writer, made), status=201)


async def _change_template(request: Request) -> Response:
    who = await signed_in(request)
    body = await read_body(request, ChangedTemplate)
    async with house_of(request).database.write() as tx:
        writer = await load_writer(tx, request, who)
        changed = await change_template(tx, writer, _id(request, "template_id"), body.name, body.sections.model_dump())
    return answer(_template(writer, changed))


async def _delete_template(request: Request) -> Response:
    who = await signed_in(request)
    async with house_of(request).database.write() as tx:
        await delete_text(tx, await load_writer(tx, request, who), NoteTemplate, _id(request, "template_id"))
    return answer()


async def _add_snippet(request: Request) -> Response:
    who = await signed_in(request)
    body = await read_body(request, NewSnippet)
    house = house_of(request)
    await house.limiter.hit("create", str(who.person_id))
    async with house.database.write() as tx:
        writer = await load_writer(tx, request, who)
        made = await add_snippet(tx, Place(writer, body.owner), body.shortcut, body.text, house.clock.now())
    return answer(_snippet(writer, made), status=201)


async def _change_snippet(request: Request) -> Response:
    who = await signed_in(request)
    body = await read_body(request, ChangedSnippet)
    async with house_of(request).database.write() as tx:
        writer = await load_writer(tx, request, who)
        changed = await change_snippet(tx, writer, _id(request, "snippet_id"), body.shortcut, body.text)
    return answer(_snippet(writer, changed))


async def _delete_snippet(request: Request) -> Response:
    who = await signed_in(request)
    async with house_of(request).database.write() as tx:
        await delete_text(tx, await load_writer(tx, request, who), NoteSnippet, _id(request, "snippet_id"))
    return answer()


async def _insertables(request: Request) -> Response:
    who = await signed_in(request)
    house = house_of(request)
    async with house.database.read() as tx:
        viewer = await load_viewer(tx, who, house.clock.now())
        seen = await see_note(tx, viewer, _id(request, "note_id"), Verb.WRITE)
        templates, snippets = await texts_for(tx, seen, language_of(request))
        answers = await are_asked_for(tx, seen)
    return answer(
        InsertablesAnswer(
            templates=[InsertableAnswer(**one._asdict()) for one in templates],
            snippets=[ShortcutAnswer(**one._asdict()) for one in snippets],
            answers=answers,
        )
    )


def _template(writer: Writer, template: NoteTemplate) -> TemplateAnswer:
    return TemplateAnswer(
        id=template.id,
        owner=owner_of(template),
        name=template.name,
        sections=unpacked(template.body),
        may_change=writer.may_change(template),
    )


def _snippet(writer: Writer, snippet: NoteSnippet) -> SnippetAnswer:
    return SnippetAnswer(
        id=snippet.id,
        owner=owner_of(snippet),
        shortcut=snippet.shortcut,
        text=snippet.text,
        may_change=writer.may_change(snippet),
    )


def _id(request: Request, name: str) -> UUID:
    return cast(UUID, request.path_params[name])
