"""The commands of the room socket (docs/WIRE.md 2.2): each body as a strict type, and nothing that acts."""

from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from server.errors import Malformed, TooBig
from server.media_control import LONGEST_ANSWER, MOST_LINES, Layer, Side, Source

MAX_TEXT = 2000  # characters of a message or a reason; error `malformed`
MAX_DESCRIPTION = 48 * 1024  # characters of an SDP; error `too_big`
MAX_CAPTION = 300  # characters of what is shown over the picture while somebody speaks
MAX_SCALAR = 1024  # characters of any other text of a signal
ID_CHARACTERS = 36
MAX_FIELDS = 8  # of a signal's description or candidate

Verdict = Literal["completed", "unsuitable", "absent"]
DescriptionType = Literal["offer", "answer", "pranswer", "rollback"]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]


def _check_description(value: dict[str, Any]) -> dict[str, Any]:
    """Keep an RTCSessionDescriptionInit as it came; what is inside the SDP is the browsers' business."""
    kind, sdp = value.get("type"), value.get("sdp", "")
    if kind not in get_args(DescriptionType) or not isinstance(sdp, str):
        raise ValueError("not a description")
    if len(sdp) > MAX_DESCRIPTION:
        raise TooBig
    if kind != "rollback" and not sdp.startswith("v=0"):
        raise ValueError("not an SDP")
    _check_scalars({name: item for name, item in value.items() if name != "sdp"})
    return value


def _check_candidate(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """Keep an RTCIceCandidateInit as it came; null says that there are no more."""
    if value is not None:
        if not isinstance(value.get("candidate"), str):
            raise ValueError("not a candidate")
        _check_scalars(value)
    return value


def _check_scalars(fields: dict[str, Any]) -> None:
    texts = [item for item in fields.values() if isinstance(item, str)]
    scalar = all(item is None or isinstance(item, (str, int, float)) for item in fields.values())
    if not scalar or len(fields) > MAX_FIELDS or any(len(text) > MAX_SCALAR for text in texts):
        raise ValueError("not a flat object")


def _read_id(value: object) -> object:
    """Read an id as JSON carries it; strict types take none but a UUID."""
    return UUID(value) if isinstance(value, str) and len(value) == ID_CHARACTERS else value


class Command(BaseModel):
    """Base of the bodies: unknown fields and lenient types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    professional_only: ClassVar[bool] = False
    stored: ClassVar[bool] = False  # costs a transaction, so it is counted apart


SomeCommand = TypeVar("SomeCommand", bound=Command)


class Media(Command):
    mic: bool
    camera: bool
    screen: bool


class Hello(Command):
    ticket: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    resume: Annotated[str, StringConstraints(max_length=256)] | None
    media: Media | None = None


class Signal(Command):
    """Exactly one of `description` and `candidate`."""

    to: Annotated[str, StringConstraints(max_length=64)]
    description: Annotated[dict[str, Any], AfterValidator(_check_description)] = Field(default_factory=dict)
    candidate: Annotated[dict[str, Any] | None, AfterValidator(_check_candidate)] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "Signal":
        if len(self.model_fields_set - {"to"}) != 1:
            raise ValueError("a description or a candidate")
        return self

    @property
    def payload(self) -> dict[str, object]:
        """What is relayed."""
        name = "description" if "description" in self.model_fields_set else "candidate"
        return {name: getattr(self, name)}


class Answer(Command):
    """The browser's answer to an engine's offer."""

    epoch: Annotated[int, Field(ge=0)]
    side: Side
    number: Annotated[int, Field(ge=0)]
    sdp: Annotated[str, StringConstraints(max_length=LONGEST_ANSWER)]


class RestartMedia(Command):
    """The network has changed, or one of the two connections to the engine is broken: look for new paths."""

    side: Side


class WatchWish(BaseModel):
    model_config = Command.model_config

    peer: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    source: Source
    layer: Layer | None
    pinned: bool = False


class Watch(Command):
    """What this browser shows, and how large; what is not named is wanted in full."""

    wishes: Annotated[list[WatchWish], Field(max_length=MOST_LINES)]


class Flowing(Command):
    """The path of this epoch brings everything that others in the call send."""

    epoch: Annotated[int, Field(ge=0)]


class Stuck(Command):
    """The browsers could not reach each other, twice."""


class Hand(Command):
    up: bool


class Chat(Command):
    stored = True

    body: Text


class ShareFile(Command):
    """A document that was kept is told to the call. No frame says so: it follows an upload."""

    stored = True

    file_id: UUID
    name: str
    kind: str
    size: int


class Caption(Command):
    """What somebody says in writing while they say it; an interim line is replaced by the next one of the same person."""

    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CAPTION)]
    final: bool
    source: Literal["typed", "speech"]


Permille = Annotated[int, Field(ge=0, le=1_000)]
Delay = Annotated[int, Field(ge=0, le=60_000)]  # milliseconds
Kilobits = Annotated[int, Field(ge=0, le=1_000_000)]  # a second


class Quality(Command):
    """How a call went for one browser in the last ten seconds: numbers only, so that nothing else can be told by it."""

    lost_in: Permille
    lost_out: Permille
    delay_ms: Delay
    jitter_ms: Delay
    in_kbps: Kilobits
    out_kbps: Kilobits
    frozen_ms: Annotated[int, Field(ge=0, le=10_000)]
    sound_only: bool


class Enter(Command):
    """`quiet`: to see and hear, and to send nothing."""

    professional_only = True
    stored = True

    quiet: bool = False


class ToWaiting(Command):
    """Base of what is said about somebody who waits; without `participant` that is the patient."""

    professional_only = True
    stored = True

    participant: Annotated[UUID | None, BeforeValidator(_read_id)] = None


class Admit(ToWaiting):
    pass


class Hold(ToWaiting):
    body: Text | None


class Refuse(ToWaiting):
    reason: Text


class Leave(Command):
    stored = True


class End(Command):
    professional_only = True
    stored = True

    outcome: Verdict
    reason: Text | None


class Record(Command):
    """Ask everybody to be recorded, or stop it."""

    professional_only = True
    stored = True

    on: bool


class Agree(Command):
    """Answer whether one may be recorded; a 'no' counts at any time."""

    stored = True

    yes: bool


MediaWord = Answer | RestartMedia | Watch
"""What a browser says to the engine."""

COMMANDS: dict[str, type[Command]] = {
    "signal": Signal,
    "media": Media,
    "answer": Answer,
    "restart_media": RestartMedia,
    "watch": Watch,
    "flowing": Flowing,
    "stuck": Stuck,
    "hand": Hand,
    "chat": Chat,
    "caption": Caption,
    "quality": Quality,
    "enter": Enter,
    "admit": Admit,
    "hold": Hold,
    "refuse": Refuse,
    "leave": Leave,
    "end": End,
    "record": Record,
    "agree": Agree,
}


def parse_command(kind: str, body: dict[str, object]) -> Command:
    """Read the body of a frame; raises `Malformed` for an unknown type or a body that is not acceptable, `TooBig` for a long SDP."""
    model = COMMANDS.get(kind)
    if model is None:
        raise Malformed("There is no such command.", code="unknown_command")
    return _parse(model, body)


def parse_hello(body: dict[str, object]) -> Hello:
    """Read the body of the first frame; raises `Malformed`."""
    return _parse(Hello, body)


def _parse(model: type[SomeCommand], body: dict[str, object]) -> SomeCommand:
    try:
        return model.model_validate(body)
    except ValidationError:
        raise Malformed from None
