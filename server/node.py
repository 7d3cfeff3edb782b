"""`consilium media`: starts a forwarding engine, or asks one how it is."""

import argparse
import asyncio
import gc
from ipaddress import ip_address
from pathlib import Path

from server.settings import BadSettings, Settings


class EngineMissing(Exception):
    """One clear line for whoever asked."""


def add_media(media: argparse.ArgumentParser) -> None:
    """Tell the command line what may be said of an engine."""
    media.add_argument("--listen", type=_media_address, default=("127.0.0.1", 0), metavar="ADDRESS:PORT", help="for media (127.0.0.1:0)")
    media.add_argument(
        "--second",
        type=_second,
        default="auto",
        metavar="ADDRESS",
        help="of the other family, at the same port; auto (this machine's), none",
    )
    media.add_argument(
        "--announce", type=_ips, default=(), metavar="ADDRESS,…", help="what browsers are told in place of the one of that family"
    )
    media.add_argument(
        "--control", type=_control, required=True, metavar="PATH|ADDRESS:PORT", help="a unix socket, or TCP with a shared secret"
    )
    media.add_argument("--secret-file", type=Path, metavar="FILE", help="holds the secret that is shared over TCP")
    media.add_argument("--status", action="store_true", help="start none: ask the one at --control how it is")
    media.add_argument("--owned", action="store_true", help="start engines at the word of standard input, and end with that")
    media.add_argument("--recordings", type=Path, metavar="DIR", help="where calls are recorded, sealed; without it none is")


def run_media(settings: Settings, options: argparse.Namespace) -> int:
    """Serve until a signal comes; raises `BadSettings` for what does not fit together, and `OSError`."""
    gc.disable()  # as in `serve`
    from server.core.logs import configure_logs  # noqa: PLC0415 - the rest of the command line starts without the engine
    from server.media.control_server import SHORTEST_SECRET  # noqa: PLC0415 - as above
    from server.media.keeper import Keeper  # noqa: PLC0415 - as above
    from server.media.worker import Place, run  # noqa: PLC0415 - as above

    gc.enable()
    configure_logs(settings.log_level)
    secret = _secret(options)
    if isinstance(options.control, tuple) and len(secret or b"") < SHORTEST_SECRET:
        raise BadSettings(f"control over TCP needs a secret of {SHORTEST_SECRET} bytes or more, in --secret-file")
    if options.owned and not isinstance(options.control, Path):
        raise BadSettings("an engine that is owned is controlled over a unix socket")
    if options.recordings is not None:
        options.recordings.mkdir(mode=0o700, parents=True, exist_ok=True)
    address, port = options.listen
    _check_families(address, options.second, options.announce)
    place = Place(address, port, options.control, options.second, options.announce, secret, recordings=options.recordings)
    return Keeper(place, options.control).run() if options.owned else run(place)


def engine_status(options: argparse.Namespace) -> str:
    """Return a line for each fact about the engine at `--control`, what is wrong first; raises `EngineMissing`."""
    from server.consultation.engine_health import health  # noqa: PLC0415 - as above
    from server.media.inquiry import ask_load  # noqa: PLC0415 - as above
    from server.media.probe import Unproven  # noqa: PLC0415 - as above

    try:
        load = asyncio.run(ask_load(options.control, _secret(options)))
    except Unproven as why:
        raise EngineMissing(f"the engine cannot be asked: {why}") from None
    facts = load.model_dump(exclude={"t"})
    return "".join(f"{said}\n" for said in health(load)) + "".join(f"{name} {value}\n" for name, value in facts.items())


def _secret(options: argparse.Namespace) -> bytes | None:
    return options.secret_file.read_bytes().strip() if options.secret_file else None


def _address(text: str) -> tuple[str, int]:
    """Read `ADDRESS:PORT`; an address of IPv6 may stand in brackets."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not ADDRESS:PORT")
    return host.strip("[]"), int(port)


def _media_address(text: str) -> tuple[str, int]:
    host, port = _address(text)
    return _ip(host), port


def _ip(text: str) -> str:
    """Browsers are told addresses, not names."""
    try:
        return str(ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not an IP address") from None


def _ips(text: str) -> tuple[str, ...]:
    return tuple(_ip(each) for each in text.split(","))


def _second(text: str) -> str | None:
    return None if text == "none" else text if text == "auto" else _ip(text)


def _check_families(address: str, second: str | None, announced: tuple[str, ...]) -> None:
    """Raises `BadSettings` for two of one family, and for what is announced of a family at which nobody listens."""
    listened = [ip_address(address).version, *([ip_address(second).version] if second not in {None, "auto"} else [])]
    if len({*listened}) < len(listened):
        raise BadSettings(f"--second {second} must be of the other family than {address}")
    told = [ip_address(each).version for each in announced]
    if len({*told}) < len(told):
        raise BadSettings("--announce may name one address of each family")
    if second != "auto" and not {*told} <= {*listened}:
        raise BadSettings(f"the engine does not listen on an address of the family of --announce {','.join(announced)}")


def _control(text: str) -> Path | tuple[str, int]:
    return Path(text) if "/" in text else _address(text)
