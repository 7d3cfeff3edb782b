"""The pages of templates and snippets: plain forms, so that they work without a script."""

import json
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import Part
from server.core.db import Tx
from server.errors import Conflict, Invalid, NotFound
from server.identity.gate import signed_in
from server.notes.limits import SECTIONS
from server.notes.model import NoteSnippet, NoteTemplate
from server.notes.prose_html import html_of
from server.notes.templates import EXAMPLES, MAX_NAME, MAX_SNIPPET, PLACEHOLDERS, SOAP, SOAP_SECTIONS, Sections, blocks_of, filled, unpacked
from server.notes.text_actions import (
    Place,
    Writer,
    add_snippet,
    add_template,
    change_snippet,
    change_template,
    delete_text,
    owner_of,
    see_mine,
)
from server.notes.text_doors import see_snippets, see_templates
from server.notes.texts_http import ChangedSnippet, ChangedTemplate, NewSnippet, NewTemplate, load_writer
from server.web.endpoint import Strict, house_of, parse_model
from server.web.forms import read_form
from server.web.pages import language_of, render

MAX_FORM = 256 * 1024  # 20,000 letters of four bytes, each byte written as three signs
HOME = "/templates"

Form = dict[str, str]
Given = TypeVar("Given", bound=Strict)


@dataclass(frozen=True)
class Shown:
    """What a form shows: its fields, of which text, and why it was not taken."""

    writer: Writer
    form: Form
    text_id: UUID | None = None
    error: Invalid | Conflict | None = None


def routes() -> list[Route]:
    return [
        Route(HOME, _list),
        Route("/templates/new", _new_template, methods=["GET", "POST"]),
        Route("/templates/{template_id:uuid}", _edit_template, methods=["GET", "POST"]),
        Route("/templates/{template_id:uuid}/delete", _delete_template, methods=["POST"]),
        Route("/snippets/new", _new_snippet, methods=["GET", "POST"]),
        Route("/snippets/{snippet_id:uuid}", _edit_snippet, methods=["GET", "POST"]),
        Route("/snippets/{snippet_id:uuid}/delete", _delete_snippet, methods=["POST"]),
    ]


async def _list(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        writer = await _writer(tx, request)
        return await _listed(tx, request, writer)


async def _listed(tx: Tx, request: Request, writer: Writer, deleted: dict[str, Any] | None = None) -> Response:
    """Show everything that somebody may use; `deleted` is what went just now, with a way back."""
    language = language_of(request)
    soap = {name: language.text(text) for name, text in SOAP_SECTIONS.items()}
    templates = [
        {"id": one.id, "name": one.name, "owner": owner_of(one), "mine": writer.may_change(one), "preview": preview(unpacked(one.body))}
        for one in await see_templates(tx, writer.viewer)
    ]
    snippets = [
        {"id": one.id, "shortcut": one.shortcut, "text": one.text, "owner": owner_of(one), "mine": writer.may_change(one)}
        for one in await see_snippets(tx, writer.viewer)
    ]
    built_in = {"name": SOAP, "preview": preview(soap)}
    shown = {
        "part": _part(writer),
        "templates": templates,
        "snippets": snippets,
        "built_in": built_in,
        "may_add": writer.owners,
        "deleted": deleted,
    }
    return render(request, "staff/templates.html", shown)


def preview(sections: Sections) -> list[tuple[str, Markup]]:
    """Return each section with example values, ready for a page."""
    shown = {name: html_of(blocks_of(filled(sections[name], EXAMPLES))) for name in SECTIONS if sections.get(name)}
    return [(name, Markup(html)) for name, html in shown.items()]  # noqa: S704 - html_of escapes all text


async def _new_template(request: Request) -> Response:
    form = await _form(request)
    async with _transaction(request, form) as tx:
        writer = await _writer(tx, request)
        if form is None or "preview" in form:
            return _template_form(request, Shown(writer, form or {"owner": _wanted(request, writer)}))
        try:
            body = _parsed({"owner": form.get("owner"), **_template_of(form)}, NewTemplate)
            now = house_of(request).clock.now()
            await add_template(tx, Place(writer, body.owner), body.name, body.sections.model_dump(), now)
        except (Invalid, Conflict) as error:
            return _template_form(request, Shown(writer, form, error=error))
    return _home()


async def _edit_template(request: Request) -> Response:
    form = await _form(request)
    async with _transaction(request, form) as tx:
        writer = await _writer(tx, request)
        template = await see_mine(tx, writer, NoteTemplate, _id(request, "template_id"))
        if form is None or "preview" in form:
            kept = {"name": template.name, **unpacked(template.body)}
            return _template_form(request, Shown(writer, form or kept, template.id))
        try:
            body = _parsed(_template_of(form), ChangedTemplate)
            await change_template(tx, writer, template.id, body.name, body.sections.model_dump())
        except (Invalid, Conflict) as error:
            return _template_form(request, Shown(writer, form, template.id, error))
    return _home()


async def _delete_template(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        writer = await _writer(tx, request)
        try:
            gone = await delete_text(tx, writer, NoteTemplate, _id(request, "template_id"))
        except NotFound:
            return _home()
        fields = {"owner": owner_of(gone), "name": gone.name, **unpacked(gone.body)}
        return await _listed(tx, request, writer, {"name": gone.name, "path": "/templates/new", "fields": fields})


async def _new_snippet(request: Request) -> Response:
    form = await _form(request)
    async with _transaction(request, form) as tx:
        writer = await _writer(tx, request)
        if form is None:
            return _snippet_form(request, Shown(writer, {"owner": _wanted(request, writer)}))
        try:
            body = _parsed({"owner": form.get("owner"), **_snippet_of(form)}, NewSnippet)
            await add_snippet(tx, Place(writer, body.owner), body.shortcut, body.text, house_of(request).clock.now())
        except (Invalid, Conflict) as error:
            return _snippet_form(request, Shown(writer, form, error=error))
    return _home()


async def _edit_snippet(request: Request) -> Response:
    form = await _form(request)
    async with _transaction(request, form) as tx:
        writer = await _writer(tx, request)
        snippet = await see_mine(tx, writer, NoteSnippet, _id(request, "snippet_id"))
        if form is None:
            return _snippet_form(request, Shown(writer, {"shortcut": snippet.shortcut, "text": snippet.text}, snippet.id))
        try:
            body = _parsed(_snippet_of(form), ChangedSnippet)
            await change_snippet(tx, writer, snippet.id, body.shortcut, body.text)
        except (Invalid, Conflict) as error:
            return _snippet_form(request, Shown(writer, form, snippet.id, error))
    return _home()


async def _delete_snippet(request: Request) -> Response:
    async with house_of(request).database.write() as tx:
        writer = await _writer(tx, request)
        try:
            gone = await delete_text(tx, writer, NoteSnippet, _id(request, "snippet_id"))
        except NotFound:
            return _home()
        fields = {"owner": owner_of(gone), "shortcut": gone.shortcut, "text": gone.text}
        return await _listed(tx, request, writer, {"name": f";{gone.shortcut}", "path": "/snippets/new", "fields": fields})


def _template_form(request: Request, shown: Shown) -> Response:
    form = shown.form
    sections = {name: form.get(name, "") for name in SECTIONS}
    fields = {"name": form.get("name", ""), "sections": sections, "preview": preview(sections) if "preview" in form else None}
    return _form_page(request, "staff/template_form.html", shown, {**fields, "longest": MAX_NAME})


def _snippet_form(request: Request, shown: Shown) -> Response:
    form = shown.form
    fields = {"shortcut": form.get("shortcut", ""), "text": form.get("text", ""), "longest": MAX_SNIPPET}
    return _form_page(request, "staff/snippet_form.html", shown, fields)


def _form_page(request: Request, template: str, shown: Shown, fields: dict[str, Any]) -> Response:
    language, error = language_of(request), shown.error
    context = {
        **fields,
        "part": _part(shown.writer),
        "text_id": shown.text_id,
        "owner": shown.form.get("owner", ""),
        "may_add": shown.writer.owners,
        "placeholders": [(one.name, language.text(one.meaning)) for one in PLACEHOLDERS],
        "error": error and {"field": error.code, "sentence": language.text(error.message)},
    }
    return render(request, template, context, status=error.http_status if error else 200)


def _transaction(request: Request, form: Form | None) -> AbstractAsyncContextManager[Tx]:
    """Return a transaction that can write only where something was sent."""
    database = house_of(request).database
    return database.read() if form is None else database.write()


def _part(writer: Writer) -> Part:
    """Say who reads the page; whoever gives no consultations comes here as an administrator."""
    return Part.ADMINISTRATOR if writer.viewer.professional_id is None else Part.PROFESSIONAL


async def _writer(tx: Tx, request: Request) -> Writer:
    who = await signed_in(request)
    return await load_writer(tx, request, who)


async def _form(request: Request) -> Form | None:
    """Read what was sent by whoever is signed in, or None for a first look at an empty form."""
    await signed_in(request)
    return await read_form(request, MAX_FORM) if request.method == "POST" else None


def _parsed(values: dict[str, object], model: type[Given]) -> Given:
    return parse_model(json.dumps(values).encode(), model)


def _template_of(form: Form) -> dict[str, object]:
    return {"name": form.get("name", ""), "sections": {name: form.get(name, "") for name in SECTIONS}}


def _snippet_of(form: Form) -> dict[str, object]:
    return {"shortcut": form.get("shortcut", "").removeprefix(";"), "text": form.get("text", "")}


def _wanted(request: Request, writer: Writer) -> str:
    """Return for whom a new text shall be, or the first for whom somebody may keep one."""
    wanted = request.query_params.get("for")
    return next((owner for owner in writer.owners if owner == wanted), writer.owners[0])


def _home() -> Response:
    return RedirectResponse(HOME, status_code=303)


def _id(request: Request, name: str) -> UUID:
    return cast(UUID, request.path_params[name])
