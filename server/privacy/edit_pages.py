"""Where administrators write the practice's policies and professionals their own: text, preview, publishing."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.access.home import Part, part_of
from server.access.policy import Viewer
from server.access.viewer import viewer_of
from server.core.db import Tx
from server.core.marking import _
from server.core.plain_text import blocks_of
from server.errors import Conflict, Forbidden, Invalid
from server.privacy.announcing import Words, announce
from server.privacy.bases import ARTICLE_6, ARTICLE_9, BASES, unpacked
from server.privacy.policies import Owner, Wording, in_force, owners_of, publish, versions_of
from server.privacy.policy_rows import PolicyVersion
from server.privacy.policy_words import LONGEST, LONGEST_CHANGES, NAMES, Policy, built_in
from server.privacy.public_pages import policy_named
from server.web.endpoint import base_url_of, house_of
from server.web.forms import read_form
from server.web.i18n import read_languages
from server.web.pages import language_of, render

PATH = "/policies"
FIRST = "First version."  # becomes part of the text, so it is not translated
MAX_FORM = 200_000  # bytes: twenty thousand characters of any script, percent-encoded
FAULTS = {
    "text:empty": _("Please write the text."),
    "text:long": _("This text is too long. Please shorten it."),
    "text:template": _("Please take out the sentence that calls this a template, once you have edited the text."),
    "changes:empty": _("Please say in a sentence what has changed."),
    "changes:long": _("This is too long. Please shorten it."),
    "bases_6:missing": _("Please choose at least one basis of Article 6."),
    "bases_9:missing": _("Please choose at least one condition of Article 9."),
    "effective:far": _("Please choose a day within the next year."),
    "effective:bad": _("Please choose a day."),
    "text:changed": _("Somebody else has published a version meanwhile. Please read it, and publish yours again if it still fits."),
}


def routes() -> list[Route]:
    return [Route(PATH, _list), Route(PATH + "/{whose}/{policy}", _edit, methods=["GET", "POST"])]


async def _list(request: Request) -> Response:
    viewer, now = await viewer_of(request), house_of(request).clock.now()
    names = {policy: language_of(request).text(name) for policy, name in NAMES.items()}
    async with house_of(request).database.read() as tx:
        owners = await _owners(tx, viewer)
        found = {
            whose: [(policy, name, in_force(await versions_of(tx, owner.id, policy), now)) for policy, name in names.items()]
            for whose, owner in owners.items()
        }
        part = await part_of(tx, viewer)
    shown = {"part": part, "owners": owners, "found": found, "done": "done" in request.query_params}
    return render(request, "staff/policies.html", shown)


async def _edit(request: Request) -> Response:
    """Show the form, a preview of what was typed, or publish it; who may is decided before the form is read."""
    viewer, policy, house = await viewer_of(request), policy_named(request), house_of(request)
    async with house.database.read() as tx:
        owner = await _owner(tx, request, viewer)
        versions, part = await versions_of(tx, owner.id, policy), await part_of(tx, viewer)
    place = (owner, policy, part)
    if request.method != "POST":
        return _show(request, place, _form_of(owner, policy, versions, house.clock.now()))
    form = await read_form(request, MAX_FORM)
    if "preview" in form:
        return _show(request, place, form)
    try:
        wording = _wording(form, owner)
        async with house.database.write() as tx:
            owner = await _owner(tx, request, viewer)
            version = await publish(tx, viewer, owner, policy, wording, house.clock.now())
            words = Words(read_languages(house.settings.locales_dir), base_url_of(request))
            await announce(tx, words, viewer, owner, version)
    except Invalid as error:
        return _show(request, place, form, error.code, 422)
    except Conflict:
        return _show(request, place, {**form, "edits": str(await _newest(request, owner, policy))}, "text:changed", 409)
    return RedirectResponse(f"{PATH}?done", status_code=303)


async def _owners(tx: Tx, viewer: Viewer) -> dict[str, Owner]:
    owners = await owners_of(tx, viewer)
    if not owners:
        raise Forbidden
    return owners


async def _owner(tx: Tx, request: Request, viewer: Viewer) -> Owner:
    """Return whose text it is; raises `Forbidden` where it is not the viewer's to write."""
    owner = (await _owners(tx, viewer)).get(request.path_params["whose"])
    if owner is None:
        raise Forbidden
    return owner


async def _newest(request: Request, owner: Owner, policy: Policy) -> int:
    async with house_of(request).database.read() as tx:
        versions = await versions_of(tx, owner.id, policy)
    return versions[0].number if versions else 0


def _form_of(owner: Owner, policy: Policy, versions: list[PolicyVersion], now: datetime) -> dict[str, str]:
    """Begin with the newest version, or with the built-in text."""
    newest = versions[0] if versions else None
    today = now.astimezone(ZoneInfo(owner.practice.time_zone)).date()
    return {
        "text": newest.text if newest else built_in(policy, owner.scope).replace("{name}", owner.name),
        "changes": "" if newest else FIRST,
        "effective": today.isoformat(),
        "edits": str(newest.number if newest else 0),
        **dict.fromkeys(unpacked(newest.bases) if newest else (), "yes"),
    }


def _wording(form: Mapping[str, str], owner: Owner) -> Wording:
    """Return what was typed; raises `Invalid`."""
    try:
        day = date.fromisoformat(form.get("effective", ""))
        begins = datetime.combine(day, time(), ZoneInfo(owner.practice.time_zone)).astimezone(UTC)
        edits = int(form.get("edits", "")[:9])
    except (ValueError, OverflowError):
        raise Invalid(code="effective:bad") from None
    chosen = [code for code in BASES if form.get(code) == "yes"]
    return Wording(form.get("text", "").replace("\r\n", "\n"), " ".join(form.get("changes", "").split()), chosen, begins, edits)


def _show(
    request: Request, place: tuple[Owner, Policy, Part], form: Mapping[str, str], fault: str | None = None, status: int = 200
) -> Response:
    owner, policy, part = place
    said = language_of(request).text
    shown = {
        "part": part,
        "owner": owner,
        "title": said(NAMES[policy]),
        "with_bases": policy == Policy.PRIVACY,
        "articles": [
            ("bases_6", said(_("Article 6")), {code: said(name) for code, name in ARTICLE_6.items()}),
            ("bases_9", said(_("Article 9, for data about health")), {code: said(name) for code, name in ARTICLE_9.items()}),
        ],
        "form": {"text": "", "changes": "", "effective": "", "edits": "0", **form},
        "longest": {"text": LONGEST, "changes": LONGEST_CHANGES},
        "blocks": blocks_of(form.get("text", "")) if "preview" in form else None,
        "error": {"field": fault.partition(":")[0], "sentence": said(FAULTS[fault])} if fault else None,
    }
    return render(request, "staff/policy_edit.html", shown, status)
