"""Plain text of policies becomes blocks, and never HTML."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.plain_text import Block, Span, blocks_of
from server.privacy.bases import fault_of as bases_fault
from server.privacy.bases import packed, unpacked
from server.privacy.cookie_list import COOKIES
from server.privacy.policy_words import LONGEST, TEMPLATE, Policy, Scope, built_in, fault_of
from server.privacy.processors import processors_of
from server.settings import BadSettings, Settings, load_settings
from server.web import auth
from tests.house.source import python_files, tree_of

pytestmark = pytest.mark.row("L4")


def test_headings_lists_paragraphs_and_links() -> None:
    text = "# Who\r\nWe are\nhere.\n\n## More\n- one\n- [two](https://example.org/a?b=1)\nEnd."
    assert blocks_of(text) == [
        Block("h2", ((Span("Who"),),)),
        Block("p", ((Span("We are"), Span(" "), Span("here.")),)),
        Block("h3", ((Span("More"),),)),
        Block("ul", ((Span("one"),), (Span("two", "https://example.org/a?b=1"),))),
        Block("p", ((Span("End."),),)),
    ]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://example.org", "data:text/html,x", "//example.org", "https://a b"])
def test_other_addresses_stay_text(address: str) -> None:
    assert blocks_of(f"[x]({address})") == [Block("p", ((Span(f"[x]({address})"),),))]


@given(st.text(max_size=300))
def test_every_link_is_https_or_mailto_whatever_is_typed(text: str) -> None:
    spans = [span for block in blocks_of(text) for line in block.lines for span in line]
    assert all(span.href.startswith(("https://", "mailto:")) for span in spans if span.href)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("policy", Policy)
def test_every_built_in_text_says_that_it_is_a_template(policy: Policy, scope: Scope) -> None:
    text = built_in(policy, scope)
    assert text.startswith(TEMPLATE)
    assert "{name}" in text
    assert fault_of(text, "First version.") == ("text", "template")
    assert fault_of(text.replace(TEMPLATE, ""), "First version.") == ("", "")


def test_what_is_wrong_with_a_text() -> None:
    assert fault_of(" ", "x") == ("text", "empty")
    assert fault_of("x" * (LONGEST + 1), "x") == ("text", "long")
    assert fault_of("x", " ") == ("changes", "empty")
    assert fault_of("x", "x" * 501) == ("changes", "long")


@pytest.mark.row("L3")
def test_a_basis_of_each_article() -> None:
    assert bases_fault([]) == "bases_6"
    assert bases_fault(["6_1_b"]) == "bases_9"
    assert bases_fault(["6_1_b", "9_2_h"]) == ""
    assert unpacked(packed(["9_2_h", "made up", "6_1_b"])) == ["6_1_b", "9_2_h"]


def test_every_cookie_of_the_code_is_on_the_list() -> None:
    """Each file that sets or reads a cookie has its name in `COOKIE`; those of a sign-in are in `auth.COOKIES`."""
    named = set(auth.COOKIES)
    for path in python_files():
        for node in tree_of(path).body:
            if isinstance(node, ast.Assign):
                targets = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else [node.targets[0]]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                pairs = zip(targets, values, strict=False)
                named |= {str(ast.literal_eval(value)) for name, value in pairs if isinstance(name, ast.Name) and name.id == "COOKIE"}
    assert named == {cookie.name for cookie in COOKIES}


def test_every_cookie_is_set_by_a_name_that_the_search_finds() -> None:
    """A literal, or a constant of another name, would be a cookie that nobody lists."""
    calls = [node for path in python_files() for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    set_by = {ast.unparse(node.args[0]) for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr == "set_cookie"}
    assert set_by == {"COOKIE", "cookie_name(settings, name)"}
    named = {ast.unparse(node.args[2]) for node in calls if isinstance(node.func, ast.Name) and node.func.id == "set_named"}
    assert named == {"LOGIN", "HALF", "DEVICE"}


@pytest.mark.row("L8")
def test_processors_are_told_from_the_settings() -> None:
    assert [one.on for one in processors_of(Settings())] == [False] * 4
    settings = Settings(
        smtp_host="mail.example.org", mail_from="a@example.org", twilio_account_sid="AC1", twilio_auth_token="t", twilio_from="+44",
        turn_urls=["turn:relay.example.org:3478?transport=udp", "turns:relay.example.org:443"], regions=["smtp=United Kingdom"],
    )  # fmt: skip
    found = {one.name: one for one in processors_of(settings)}
    assert [name for name, one in found.items() if one.on] == ["Twilio", "mail.example.org", "relay.example.org"]
    assert (found["mail.example.org"].region, found["Twilio"].region) == ("United Kingdom", "")
    assert "AC1" not in str(found)


@pytest.mark.row("L8")
def test_a_region_needs_a_known_name() -> None:
    for value in ("mars=far", "smtp", "smtp="):
        with pytest.raises(BadSettings, match="CONSILIUM_REGIONS: must be NAME=REGION"):
            load_settings({"CONSILIUM_REGIONS": value})
