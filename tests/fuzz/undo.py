"""How often is an honest undo refused? Plays sessions of the real editor's undo under Node (static/test/undo-lab.ts) into a document.

`python -m tests.fuzz.undo --each 200` prints, for each flow, the sessions, the messages, and how many were refused; `--crooked` does so for
Yjs as it is, without what static/src/notes/straight.ts mends.
"""

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from server.notes.document import Document
from server.notes.guard import judge
from server.notes.order import Crossed
from server.notes.ywalk import walk

LAB = Path(__file__).parents[2] / "static" / "test" / "undo-sessions.mjs"
Session = tuple[str, list[tuple[int, bytes]]]


def read_sessions(text: str) -> Iterator[Session]:
    """Yield the flow of each session, and who sent what."""
    for session in text.strip().split("\n\n"):
        head, *lines = session.splitlines()
        pairs = (line.split(" ") for line in lines)
        yield head.removeprefix("# "), [(int(author), bytes.fromhex(raw)) for author, raw in pairs]


def refused_at(messages: list[tuple[int, bytes]]) -> int | None:
    """Return which message is the first that is refused for its order."""
    document = Document()
    for number, (author, raw) in enumerate(messages):
        touched = walk(raw)
        judge(touched, author, document.clocks)
        try:
            document.apply(author, raw, touched)
        except Crossed:
            return number
    return None


def main() -> int:
    options = _parser().parse_args()
    lab = ["node", str(LAB), str(options.each), *(["crooked"] if options.crooked else [])]
    text = subprocess.run(lab, capture_output=True, text=True, check=True).stdout
    played, sent, refused = Counter[str](), Counter[str](), Counter[str]()
    for flow, messages in read_sessions(text):
        played[flow] += 1
        sent[flow] += len(messages)
        refused[flow] += refused_at(messages) is not None
    for flow in played:
        print(f"{flow}: sessions {played[flow]} messages {sent[flow]} sessions with a refusal {refused[flow]}")
    return min(1, refused.total())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.undo", description=__doc__)
    parser.add_argument("--each", type=int, default=200, help="sessions of each flow (200)")
    parser.add_argument("--crooked", action="store_true", help="with Yjs as it is")
    return parser


if __name__ == "__main__":
    sys.exit(main())
