"""Two games with a note: honest editors who hear of each other late, and somebody who sends pieces between any two neighbours."""

from collections import deque
from dataclasses import dataclass, field
from random import Random

from pycrdt import Doc, TransactionEvent, XmlElement, XmlFragment, XmlText

from server.notes.document import Document
from server.notes.guard import Verdict, judge
from server.notes.limits import SECTIONS
from server.notes.order import Crossed
from server.notes.yproto import EMPTY_UPDATE, Bad, prefixed, write_varuint
from server.notes.ywalk import walk

PLAN = SECTIONS[-1]
Row = tuple[int, bytes]


@dataclass
class Server:
    """A document, what it took in the order of its log, and whom it refused."""

    document: Document = field(default_factory=Document)
    rows: list[Row] = field(default_factory=list)
    refused: int = 0

    def take(self, author: int, update: bytes) -> bool:
        touched = walk(update)
        verdict = judge(touched, author, self.document.clocks)
        assert verdict is not Verdict.GAP
        try:
            self.document.apply(author, update, touched)
        except (Bad, Crossed):
            self.refused += 1
            return False
        self.rows.append((author, update))
        return True

    def readings(self) -> dict[str, str]:
        """Return what the note says to whoever reads it in one of many ways."""
        whole = self.document.since(b"\x00")
        ways = {
            "live": [self.document.since(b"\x00")],
            "row by row": [update for _, update in self.rows],
            "lowest client first": [update for _, update in sorted(self.rows, key=lambda row: row[0])],
            "highest client first": [update for _, update in sorted(self.rows, key=lambda row: -row[0])],
        }
        said = {way: said_by(updates) for way, updates in ways.items()}
        return {**said, "in memory": text_of(self.document._doc), "twice": said_by([whole, *ways["row by row"]])}


def said_by(updates: list[bytes]) -> str:
    doc: Doc[XmlFragment] = Doc()
    for update in updates:
        doc.apply_update(update)
    return text_of(doc)


def text_of(doc: Doc[XmlFragment]) -> str:
    return "\n".join(str(doc.get(section, type=XmlFragment)) for section in SECTIONS)


class Editor:
    """One tab: `outgoing` is typed and not yet with the server, `heard` says how many rows of the log it has read."""

    def __init__(self, client: int) -> None:
        self.client = client
        self.doc: Doc[XmlFragment] = Doc(client_id=client)
        self.outgoing: deque[bytes] = deque()
        self.heard = 0
        self._reading = False
        self._subscription = self.doc.observe(self._wrote)
        self.plan = self.doc.get(PLAN, type=XmlFragment)

    def _wrote(self, event: TransactionEvent) -> None:
        if not self._reading and event.update != EMPTY_UPDATE:
            self.outgoing.append(event.update)

    def read(self, rows: list[Row], count: int) -> None:
        """Read the next rows of the log; its own are nothing new."""
        self._reading = True
        for _, update in rows[self.heard : self.heard + count]:
            self.doc.apply_update(update)
        self._reading = False
        self.heard = min(len(rows), self.heard + count)

    def act(self, dice: Random) -> None:
        paragraphs = list(self.plan.children)
        if not paragraphs or dice.random() < 0.1:
            place = dice.randrange(len(paragraphs) + 1)
            self.plan.children.insert(place, XmlElement("paragraph", {}, [XmlText("p")]))
        elif len(paragraphs) > 1 and dice.random() < 0.05:
            del self.plan.children[dice.randrange(len(paragraphs))]
        else:
            self._type(dice, dice.choice(paragraphs))

    def _type(self, dice: Random, paragraph: XmlElement) -> None:
        if not len(paragraph.children):
            paragraph.children.append(XmlText("t"))
            return
        text = paragraph.children[0]
        size, how = len(text), dice.random()
        place = dice.choice((size, dice.randrange(size + 1)))
        if how < 0.7 or not size:
            with self.doc.transaction():
                for letter in dice.choice(("a", "bc", "def")):
                    text.insert(place, letter)
                    place += dice.choice((0, 1, 1))
            return
        start = dice.randrange(size)
        end = min(size, start + dice.randrange(1, 4))
        if how < 0.9:
            del text[start:end]
        else:
            text.format(start, end, {"bold": dice.choice((True, None))})


def play_honest(dice: Random, steps: int) -> Server:
    """Let some editors write, send and hear in any rhythm, each sender's messages in order, and lose a line now and then."""
    server = Server()
    editors = [Editor(client) for client in dice.sample(range(1, 99), dice.randrange(2, 5))]
    for _ in range(steps):
        editor = dice.choice(editors)
        how = dice.random()
        if how < 0.5:
            editor.act(dice)
        elif how < 0.75:
            for _ in range(dice.randrange(1 + len(editor.outgoing))):
                server.take(editor.client, editor.outgoing.popleft())
        elif how < 0.78:
            _come_back(editor, server)
        else:
            editor.read(server.rows, dice.choice((1, 3, 100)))
        if dice.random() < 0.02:
            _put_away(server)
    for editor in editors:
        _come_back(editor, server)
    return server


def _come_back(editor: Editor, server: Server) -> None:
    """Send all that the server lacks as one update, as after a broken line."""
    editor.outgoing.clear()
    update = editor.doc.get_update(server.document.state_vector())
    if update != EMPTY_UPDATE:
        server.take(editor.client, update)


def _put_away(server: Server) -> None:
    """Let the note go and read it again, as after a minute without readers."""
    again = Document()
    again._fill([server.document.since(b"\x00")])
    server.document = again


def play_hostile(dice: Random, steps: int, *, deleting: bool = True) -> Server:
    """Let some people put letters of one paragraph between any two others; half of the time between two that they could see."""
    server = Server()
    clients = dice.sample(range(1, 99), dice.randrange(2, 5))
    first = clients[0]
    me = write_varuint(first)
    server.take(
        first,
        b"\x01\x03"
        + me
        + b"\x00"
        + b"\x07\x01\x04plan\x03\x09paragraph"
        + b"\x07\x00"
        + me
        + b"\x00\x06\x04\x00"
        + me
        + b"\x01\x04abcd\x00",
    )
    letters = [(first, clock) for clock in range(2, 6)]
    for _ in range(steps):
        author = dice.choice(clients)
        clock = server.document.clocks.get(author, 0)
        structs, length = _any_pieces(dice, author, clock, letters, first)
        head = write_varuint(len(structs)) + write_varuint(author) + write_varuint(clock)
        if server.take(author, b"\x01" + head + b"".join(structs) + (_some_deletion(dice, letters) if deleting else b"\x00")):
            letters += [(author, clock + each) for each in range(length)]
        if dice.random() < 0.02:
            _put_away(server)
    return server


def _any_pieces(dice: Random, author: int, clock: int, letters: list[tuple[int, int]], first: int) -> tuple[list[bytes], int]:
    known, structs, length = list(letters), [], 0
    for _ in range(dice.choice((1, 1, 2, 3))):
        size = dice.choice((1, 1, 2))
        structs.append(_between(dice, known, first) + prefixed(bytes(dice.randrange(65, 91) for _ in range(size))))
        known += [(author, clock + length + each) for each in range(size)]
        length += size
    return structs, length


def _between(dice: Random, known: list[tuple[int, int]], first: int) -> bytes:
    left, right = (dice.choice(known) if dice.random() < 0.8 else None for _ in range(2))
    if left is not None and dice.random() < 0.4:
        right = (left[0], left[1] + 1) if (left[0], left[1] + 1) in known else None
    if left is None and right is None:
        return b"\x04\x00" + write_varuint(first) + b"\x01"
    flags = 4 | (0x80 if left else 0) | (0x40 if right else 0)
    return bytes([flags]) + b"".join(write_varuint(number) for item in (left, right) if item for number in item)


def _some_deletion(dice: Random, letters: list[tuple[int, int]]) -> bytes:
    if dice.random() < 0.8:
        return b"\x00"
    client, clock = dice.choice(letters)
    return b"\x01" + write_varuint(client) + b"\x01" + write_varuint(clock) + b"\x01"
