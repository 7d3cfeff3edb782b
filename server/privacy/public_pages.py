"""What everybody may read without an account: policies with their history, cookies, and who else handles data."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.core.plain_text import blocks_of
from server.errors import NotFound
from server.privacy.bases import BASES, unpacked
from server.privacy.cookie_list import COOKIES, Cookie
from server.privacy.policies import Owner, in_force, see_owner, versions_of
from server.privacy.policy_rows import PolicyVersion
from server.privacy.policy_words import NAMES, TEMPLATE, Policy, Scope, built_in
from server.privacy.processors import COMPUTED, processors_of
from server.web.endpoint import house_of
from server.web.pages import language_of, render

PATH = "/privacy"
OF = PATH + "/of/{owner_id:uuid}"


def routes() -> list[Route]:
    return [
        Route(PATH, _overview),
        Route(PATH + "/cookies", _cookies),
        Route(PATH + "/processors", _processors),
        Route(PATH + "/platform/{policy}", _platform),
        Route(OF, _owner),
        Route(OF + "/{policy}", _current),
        Route(OF + "/{policy}/{number:few}", _version),
    ]


def policy_named(request: Request) -> Policy:
    """Return the kind that the address names; raises `NotFound`."""
    try:
        return Policy(request.path_params["policy"])
    except ValueError:
        raise NotFound from None


async def _overview(request: Request) -> Response:
    return render(request, "privacy/overview.html", {"owner": None, "names": _names(request)})


async def _owner(request: Request) -> Response:
    async with house_of(request).database.read() as tx:
        owner = await see_owner(tx, request.path_params["owner_id"])
    return render(request, "privacy/overview.html", {"owner": owner, "names": _names(request)})


def _names(request: Request) -> dict[Policy, str]:
    return {policy: language_of(request).text(name) for policy, name in NAMES.items()}


async def _cookies(request: Request) -> Response:
    said = language_of(request).text
    cookies = [Cookie(one.name, said(one.purpose), said(one.lasts)) for one in COOKIES]
    return render(request, "privacy/cookies.html", {"owner": None, "cookies": cookies, "secure": house_of(request).settings.secure})


async def _processors(request: Request) -> Response:
    settings = house_of(request).settings
    said = language_of(request).text
    processors = [replace(one, name=said(one.name), job=said(one.job), sent=said(one.sent)) for one in processors_of(settings)]
    shown = {"processors": processors, "computed": [said(each) for each in COMPUTED], "region": settings.region_of.get("server", "")}
    return render(request, "privacy/processors.html", {"owner": None, **shown})


async def _platform(request: Request) -> Response:
    """Show the text of the installation, which is the built-in one."""
    policy = policy_named(request)
    text = built_in(policy, Scope.PLATFORM).replace(TEMPLATE, "").format(name="Consilium")
    return _show(request, None, policy, [], None, text)


async def _current(request: Request) -> Response:
    policy, now = policy_named(request), house_of(request).clock.now()
    async with house_of(request).database.read() as tx:
        owner = await see_owner(tx, request.path_params["owner_id"])
        versions = await versions_of(tx, owner.id, policy)
    version = in_force(versions, now)
    text = version.text if version else built_in(policy, owner.scope).replace(TEMPLATE, "").replace("{name}", owner.name)
    return _show(request, owner, policy, versions, version, text)


async def _version(request: Request) -> Response:
    policy = policy_named(request)
    async with house_of(request).database.read() as tx:
        owner = await see_owner(tx, request.path_params["owner_id"])
        versions = await versions_of(tx, owner.id, policy)
    version = next((each for each in versions if each.number == request.path_params["number"]), None)
    if version is None:
        raise NotFound
    return _show(request, owner, policy, versions, version, version.text)


def _show(  # noqa: PLR0913, PLR0917 - what a page about one version needs
    request: Request,
    owner: Owner | None,
    policy: Policy,
    versions: Sequence[PolicyVersion],
    version: PolicyVersion | None,
    text: str,
) -> Response:
    now = house_of(request).clock.now()
    said = language_of(request).text
    shown = {
        "owner": owner,
        "policy": policy,
        "title": said(NAMES[policy]),
        "blocks": blocks_of(text),
        "version": version,
        "versions": versions,
        "state": _state(versions, version, now),
        "bases": [said(BASES[code]) for code in unpacked(version.bases)] if version else [],
        "zone": owner.practice.time_zone if owner else "UTC",
    }
    return render(request, "privacy/policy.html", shown)


def _state(versions: Sequence[PolicyVersion], version: PolicyVersion | None, now: datetime) -> str:
    """Return how a version stands: `built_in`, `current`, `coming` or `past`."""
    if version is None:
        return "built_in"
    if version.effective_at > now:
        return "coming"
    return "current" if version is in_force(versions, now) else "past"
