"""XHTML as FHIR allows it in narratives: every letter escaped, elements from a short list, no attribute but the namespace."""

from collections.abc import Iterable
from html import escape
from itertools import groupby

from server.notes.prose import Block, Bullets

XHTML = "http://www.w3.org/1999/xhtml"
ELEMENTS = {"div", "p", "ul", "li", "b", "i", "table", "tbody", "tr", "td"}
MARKS = (("italic", "i"), ("bold", "b"))

Narrative = dict[str, str]


def narrative_of(blocks: Iterable[Block]) -> Narrative:
    return _narrative("".join(map(_block, blocks)))


def narrative_lines(lines: Iterable[str]) -> Narrative:
    return _narrative("".join(f"<p>{_text(line)}</p>" for line in lines))


def narrative_table(rows: Iterable[Iterable[str]]) -> Narrative:
    cells = ("".join(f"<td>{_text(cell)}</td>" for cell in row) for row in rows)
    return _narrative(f"<table><tbody>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbody></table>")


def _narrative(inside: str) -> Narrative:
    return {"status": "generated", "div": f'<div xmlns="{XHTML}">{inside}</div>'}


def _block(block: Block) -> str:
    if isinstance(block, Bullets):
        items = "".join(f"<li>{''.join(map(_block, item))}</li>" for item in block.items)
        return f"<ul>{items}</ul>" if items else ""
    runs = groupby(block.spans, lambda span: span.marks)
    return f"<p>{''.join(_run(''.join(span.text for span in same), marks) for marks, same in runs)}</p>"


def _run(text: str, marks: frozenset[str]) -> str:
    marked = _text(text)
    for mark, element in MARKS:
        if mark in marks:
            marked = f"<{element}>{marked}</{element}>"
    return marked


def _text(text: str) -> str:
    return escape(text, quote=False)
