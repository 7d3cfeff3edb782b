"""Languages: who gets which, sentences with values, and that the pseudo-locales cover everything."""

import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from markupsafe import Markup

from server.web.extract import ROOT, Found
from server.web.i18n import PLACEHOLDER, Language, Languages, fill
from server.web.pseudo import accented, mirrored


@pytest.fixture(scope="module")
def languages(locales: Path) -> Languages:
    return Languages([locales, locales / "nothing"])


@pytest.mark.parametrize(
    ("cookie", "header", "tag"),
    [
        (None, "", "en-GB"),
        (None, "fr-CH, fr;q=0.9", "en-GB"),
        (None, "en-XA", "en-XA"),
        (None, "EN-xa;q=0.5, fr", "en-XA"),
        (None, "ar", "ar-XB"),
        (None, "ar-EG,en;q=0.8", "ar-XB"),
        (None, "en;q=0.8,ar-XB;q=0.9", "ar-XB"),
        (None, "ar;q=0, en", "en-GB"),
        ("ar-XB", "en-GB", "ar-XB"),
        ("nonsense", "en-XA", "en-XA"),
        (None, ";;;,q=,*;q=x," + "a" * 5000, "en-GB"),
        ("../../etc", "*", "en-GB"),
    ],
)
def test_the_reader_gets_what_they_asked_for(languages: Languages, cookie: str | None, header: str, tag: str) -> None:
    assert languages.choose(cookie, header).tag == tag


def test_direction_comes_with_the_language(languages: Languages) -> None:
    directions = {tag: languages.choose(tag, "").direction for tag in languages.tags}
    assert directions == {"en-GB": "ltr", "en-XA": "ltr", "ar-XB": "rtl"}


def test_every_sentence_of_the_product_is_in_every_catalogue(languages: Languages, messages: list[Found]) -> None:
    assert {Path(found.path).suffix for found in messages} == {".py", ".html", ".ts", ".tsx"}
    for tag in ("en-XA", "ar-XB"):
        language = languages.choose(tag, "")
        for found in messages:
            if isinstance(found.message, tuple):
                one, many = found.message
                assert language.plural(one, many, 1) != one.replace("{count}", "1")
                assert language.plural(one, many, 7) != many.replace("{count}", "7")
            else:
                assert language.catalogue.gettext(found.message) != found.message


@pytest.mark.parametrize("change", [accented, mirrored])
def test_pseudo_translation_keeps_every_placeholder(change: "type[str]") -> None:
    text = "Dr {name} knows you are here since {time}, {name}"
    assert PLACEHOLDER.findall(change(text)) == ["name", "time", "name"]
    assert change(text) != text


def test_accented_text_is_a_third_longer_and_in_brackets() -> None:
    text = accented("Check your camera now")
    assert text.startswith("⟦")
    assert text.endswith("⟧")
    assert len(text) >= 1.33 * len("Check your camera now")


def test_values_stand_where_the_translation_wants_them() -> None:
    assert fill("{b} before {a}", {"a": 1, "b": "x"}) == "x before 1"
    assert fill("{a} and {missing}", {"a": "{b}", "b": "never"}) == "{b} and {missing}"
    assert fill("{a.__class__} {0} {}", {"a": 1}) == "{a.__class__} {0} {}"


def test_markup_in_a_value_escapes_the_rest() -> None:
    found = fill("<{name}> calls {phone}", {"name": "<b>", "phone": Markup("<a>1</a>")})
    assert isinstance(found, Markup)
    assert found == "&lt;&lt;b&gt;&gt; calls <a>1</a>"


def test_plurals_follow_the_language(languages: Languages) -> None:
    english = languages.choose(None, "")
    assert english.plural("{count} hour", "{count} hours", 1) == "1 hour"
    assert english.plural("{count} hour", "{count} hours", 5) == "5 hours"


def test_the_browser_gets_each_plural_form_by_its_category(languages: Languages) -> None:
    one = "It begins in {count} minute."
    strings = languages.choose("ar-XB", "").strings([one, "Play it again", "not translated"])
    forms = strings[one]
    assert isinstance(forms, dict)
    assert set(forms) == {"zero", "one", "two", "few", "many", "other"}
    assert all("{count}" in form for form in forms.values())
    assert forms["one"] != forms["other"]
    assert strings["Play it again"] == mirrored("Play it again")
    assert strings["not translated"] == "not translated"


def test_a_language_that_babel_does_not_know_falls_back_to_its_family(languages: Languages) -> None:
    language = languages.choose("en-XA", "")
    assert isinstance(language, Language)
    assert isinstance(language.catalogue, GNUTranslations)
    assert str(language.locale) == "en"


def test_every_call_in_a_script_has_a_literal() -> None:
    """Anything else would be shown in English for ever: no extraction can see it."""
    calls = re.compile(r"(?<![\w.])t\((?!\s*\")(.{0,40})")
    found = {
        f"{path.name}: {call[1]}"
        for path in sorted((ROOT / "static" / "src").rglob("*.ts*"))
        for call in calls.finditer(path.read_text())
        if path.name != "i18n.ts"
    }
    assert found == set()
