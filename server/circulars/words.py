"""A circular as it goes out: its plain text read into blocks, with who sends it and how it is stopped below; pure."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from server.consultation.events import Channel
from server.core.marking import _
from server.core.plain_text import Block, Span, blocks_of
from server.ports import Letter
from server.web.i18n import Language

LONGEST_SUBJECT = 150
LONGEST = {Channel.EMAIL: 20_000, Channel.SMS: 300}


class Frame(NamedTuple):
    """What stands around a text: the practice, who sends it by law (name and postal address), and where its reader stops such letters.

    Without a `stop_url` it is a preview, a test, or a notice that cannot be stopped.
    """

    practice: str
    sender: str
    postal: str
    wanted: bool
    stop_url: str = ""


class Draft(NamedTuple):
    """What is to be said; a text message has no subject."""

    channel: Channel
    subject: str
    text: str


def fault_of(draft: Draft) -> str:
    """Return field and code of what is wrong (`text:empty`), or ""."""
    if draft.channel == Channel.EMAIL and not draft.subject:
        return "subject:empty"
    if len(draft.subject) > LONGEST_SUBJECT:
        return "subject:long"
    if not draft.text.strip():
        return "text:empty"
    return "text:long" if len(draft.text) > LONGEST[draft.channel] else ""


def letter_of(draft: Draft, frame: Frame, to: str, language: Language) -> Letter:
    """Return the letter to one address."""
    if draft.channel == Channel.SMS:
        return Letter(to, "", _text_message(draft, frame, language))
    blocks = whole(draft, frame, language)
    stop = f"{frame.stop_url}/stop" if frame.stop_url else None
    return Letter(to, draft.subject, lines_of(blocks), html=html_of(blocks), unsubscribe=stop)


def whole(draft: Draft, frame: Frame, language: Language) -> list[Block]:
    """Return the blocks of an e-mail with what the law wants below them."""
    sender = ", ".join(part for part in (frame.sender, " ".join(frame.postal.split())) if part)
    said = _("You get this because you asked {practice} for news.") if frame.wanted else _("You get this because you have an account.")
    below = [_p(sender), _p(language.text(said, practice=frame.practice))]
    if frame.wanted:
        below.append(_p(language.text(_("Change or stop news")), frame.stop_url))
    return [*blocks_of(draft.text), *below]


def lines_of(blocks: Sequence[Block]) -> list[str]:
    """Return the paragraphs of the mail as plain text."""
    return ["\n".join(f"- {_plain(line)}" for line in one.lines) if one.kind == "ul" else _plain(one.lines[0]) for one in blocks]


def html_of(blocks: Sequence[Block]) -> str:
    return "".join(_html(block) for block in blocks)


def _p(text: str, href: str = "") -> Block:
    return Block("p", ((Span(text, href),),))


def _text_message(draft: Draft, frame: Frame, language: Language) -> list[str]:
    stop = language.text(_("To stop: {url}"), url=frame.stop_url or "…")
    return [f"{frame.practice}: {' '.join(draft.text.split())}", stop]


def _plain(line: Sequence[Span]) -> str:
    return "".join(span.text if span.href in {"", span.text} else f"{span.text} ({span.href.removeprefix('mailto:')})" for span in line)


def _html(block: Block) -> str:
    if block.kind == "ul":
        points = "".join(f'<li dir="auto">{_marked(line)}</li>' for line in block.lines)
        return f"<ul>{points}</ul>"
    return f'<{block.kind} dir="auto">{_marked(block.lines[0])}</{block.kind}>'


def _marked(line: Sequence[Span]) -> str:
    return "".join(f'<a href="{escape(span.href)}">{escape(span.text)}</a>' if span.href else escape(span.text) for span in line)
