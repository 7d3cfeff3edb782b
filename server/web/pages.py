"""HTML pages: Jinja templates with their assets, their language and the data for their script."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse

from server.core.marking import _
from server.web.amounts import amount_words, price_words
from server.web.assets import Assets, built_assets
from server.web.at_work import asked_of, mark_forms
from server.web.endpoint import house_of
from server.web.i18n import Language, Languages, read_languages
from server.web.middleware import content_policy
from server.web.moments import bare_time, city_of, date_words, elsewhere_time, full_date, plain_date, written_date, zone_words, zoned_time

TEMPLATES = Path(__file__).parent.parent / "templates"
# "no-referrer" would make browsers send `Origin: null` with a plain form, which the origin check must refuse.
HEADERS = {"Vary": "Accept-Language, Cookie", "Referrer-Policy": "same-origin"}
# The browser side leaves the same ones out.
TITLES = re.compile(r"(mr|mrs|ms|mx|miss|dr|prof|nurse|sir|dame)\.?", re.IGNORECASE)
BEGINNING = (_("Today"), _("Tomorrow"))
WITHIN = (_("today"), _("tomorrow"))
UNSAFE_IN_SCRIPT = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Pages:
    """What every page needs."""

    assets: Assets
    languages: Languages
    templates: Environment


@cache
def read_pages(locales_dir: Path | None) -> Pages:
    """Read the built assets, the catalogues and the templates, once for each folder of further catalogues; raises `NotBuilt`."""
    assets = built_assets()
    return Pages(assets, read_languages(locales_dir), _environment(assets))


def render(request: Request, template: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """Return the page in the reader's language; `boot`, if there is one, is the data for its script."""
    pages, language = _pages_of(request), language_of(request)
    asked = asked_of(request)
    html = pages.templates.get_template(template).render({**_speak(pages, language), "at_work": asked, **context})
    if asked.at is not None:
        html = mark_forms(html, request, asked.at)
    return HTMLResponse(html, status_code=status, headers={**HEADERS, "Content-Language": language.tag})


def render_first(request: Request, template: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """Return a page that people meet with an empty cache: its style stands in it, so a slow line paints a round trip earlier."""
    text, digest = _pages_of(request).assets.style("app.css")
    style = Markup("<style>{}</style>").format(Markup(text))  # noqa: S704 - our own build, whose hash the policy names
    page = render(request, template, {"style": style, **context}, status)
    page.headers["Content-Security-Policy"] = content_policy(digest)
    return page


def language_of(connection: HTTPConnection) -> Language:
    """Return the language of whoever asks, by page, by program or by socket."""
    return read_languages(house_of(connection).settings.locales_dir).of(connection)


def _pages_of(request: Request) -> Pages:
    return read_pages(house_of(request).settings.locales_dir)


def data_block(identity: str, value: object, kind: str = "application/json") -> Markup:
    """Return a block of JSON, which is of a `kind`, that no name in it can end early."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(UNSAFE_IN_SCRIPT)
    return Markup('<script type="{}" id="{}">{}</script>').format(kind, identity, Markup(text))  # noqa: S704 - escaped above


def initials(name: str) -> str:
    """Return `AA` for Dr Alice Ahmed: what stands in a circle where there is no picture."""
    words = [word for word in name.split() if not TITLES.fullmatch(word)]
    return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper()


def _environment(assets: Assets) -> Environment:
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.globals |= {
        "asset": assets.url,
        "preload": lambda name: _preload(assets, name),
        "icon": lambda name: _icon(assets, name),
        "data_block": data_block,
        "initials": initials,
    }
    return templates


def _preload(assets: Assets, name: str) -> Markup:
    """Name the imports of a script in the page itself, so that their depth costs no round trip."""
    link = Markup('<link rel="modulepreload" href="/static/{}" fetchpriority="low">')
    return Markup("\n").join(link.format(file) for file in assets.entry(name).preload)


def _icon(assets: Assets, name: str) -> Markup:
    if name not in assets.icons:
        raise KeyError(f"{name} is not in static/icons/names.mjs")
    kind = "icon points" if name.startswith("arrow") else "icon"
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(kind, assets.url("sprite.svg"), name)


def _speak(pages: Pages, language: Language) -> dict[str, Any]:
    return {
        "_": language.text,
        "ngettext": language.plural,
        "lang": language.tag,
        "direction": language.direction,
        "strings": _strings_of(pages, language),
        "time": lambda moment, zone: clock_time(language, moment, zone),
        "full_date": lambda moment, zone: full_date(language, moment, zone),
        "bare_time": lambda moment, zone: bare_time(language, moment, zone),
        "own_time": lambda moment, zone, own: elsewhere_time(language, moment, zone, own),
        "city": city_of,
        "zone_words": lambda zone: zone_words(language, zone),
        "price": lambda minor, currency: price_words(language, minor, currency),
        "amount": lambda minor, currency: amount_words(language, minor, currency),
        "day_of": lambda day: plain_date(language, day),
        "date_of": lambda day: written_date(language, day),
        "day": lambda moment, zone, now: day_words(language, moment, zone, now),
        "day_within": lambda moment, zone, now: day_words(language, moment, zone, now, WITHIN),
    }


def _strings_of(pages: Pages, language: Language) -> Callable[[Sequence[str]], Markup]:
    """Return what embeds the sentences of a page's own scripts; English needs none."""

    def block(entries: Sequence[str]) -> Markup:
        said = sorted({text for entry in entries for text in pages.assets.entry(entry).strings})
        return Markup() if language.is_source else data_block("i18n", language.strings(said))

    return block


def clock_time(language: Language, moment: datetime, zone: str) -> Markup:
    """Return `10:30 (London time)`, marked up."""
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), zoned_time(language, moment, zone))


def day_words(language: Language, moment: datetime, zone: str, now: datetime, near: tuple[str, str] = BEGINNING) -> str:
    """Return `Today`, `Tomorrow` or `Monday 23 November`, by the calendar of the zone; the `near` words as the sentence has them."""
    ahead = (moment.astimezone(ZoneInfo(zone)).date() - now.astimezone(ZoneInfo(zone)).date()).days
    return language.text(near[ahead]) if ahead in {0, 1} else date_words(language, moment, zone)
