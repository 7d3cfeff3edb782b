"""The command line: serve, media, migrate, keys, verify, doctor, demo."""

import argparse
import gc
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from urllib.error import URLError

from sqlalchemy.exc import SQLAlchemyError

from server.demo_client import DemoServerMissing, fetch_demo
from server.settings import BadSettings, Settings, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        given = {"host": options.host, "port": options.port} if options.command == "serve" else {}
        settings = load_settings(**{name: value for name, value in given.items() if value is not None})
        return COMMANDS[options.command](settings, options)
    except (BadSettings, DemoServerMissing) as error:
        return _fail(str(error))
    except SQLAlchemyError as error:
        return _fail(f"the database cannot be used ({type(error).__name__})")
    except URLError as error:
        return _fail(f"the server does not answer ({error.reason})")
    except OSError as error:
        return _fail(error.strerror or type(error).__name__)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="consilium", description="Video consultations with waiting room, call and live notes.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the server")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (8000); 0 takes a free one")
    media = commands.add_parser("media", help="start a forwarding engine for calls of three and more")
    media.add_argument("--listen", type=_media_address, default=("127.0.0.1", 0), metavar="ADDRESS:PORT", help="for media (127.0.0.1:0)")
    media.add_argument("--second", type=_ip, metavar="ADDRESS", help="of the other family, at the same port")
    media.add_argument("--announce", type=_ip, metavar="ADDRESS", help="what browsers are told, where it is not the one to listen on")
    media.add_argument(
        "--control", type=_control, required=True, metavar="PATH|ADDRESS:PORT", help="a unix socket, or TCP with a shared secret"
    )
    media.add_argument("--secret-file", type=Path, metavar="FILE", help="holds the secret that is shared over TCP")
    media.add_argument("--owned", action="store_true", help="end when standard input is closed: for whoever starts an engine of its own")
    media.add_argument("--recordings", type=Path, metavar="DIR", help="where calls are recorded, sealed; without it none is")
    commands.add_parser("migrate", help="bring the database to the newest schema")
    keys = commands.add_parser("keys", help="the keys that encrypt the notes").add_subparsers(dest="chore", required=True)
    keys.add_parser("list", help="which there are, and how many notes need them")
    keys.add_parser("new", help="make a new key, which new notes get from now on")
    keys.add_parser("rotate", help="bring all notes under the current key; the server may run meanwhile")
    keys.add_parser("drop", help="delete a key that no note needs any more").add_argument("name")
    commands.add_parser("recordings", help="which recordings of calls the server is about to delete, because their time is over")
    verify = commands.add_parser("verify", help="look for tampering in the notes or in the audit")
    verify.add_argument("what", choices=["notes", "audit"])
    commands.add_parser("doctor", help="try every way into a call that browsers will be offered, and say what is wrong")
    demo = commands.add_parser("demo", help="sign-ins and a fresh patient's link of a running demo server")
    demo.add_argument("--json", action="store_true", help="for programs")
    return parser


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    del options
    gc.disable()  # while a hundred modules are imported there is no garbage, and looking for it costs a tenth of the start
    from server.serve import serve  # noqa: PLC0415 - the other commands start in half the time without the application
    from server.web.assets import NotBuilt  # noqa: PLC0415 - as above

    gc.enable()
    try:
        return serve(settings)
    except NotBuilt as error:
        return _fail(str(error))


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


def _control(text: str) -> Path | tuple[str, int]:
    return Path(text) if "/" in text else _address(text)


def _media(settings: Settings, options: argparse.Namespace) -> int:
    from server.core.logs import configure_logs  # noqa: PLC0415 - as above
    from server.media.control_server import SHORTEST_SECRET  # noqa: PLC0415 - as above
    from server.media.worker import Place, run  # noqa: PLC0415 - as above

    configure_logs(settings.log_level)
    secret = options.secret_file.read_bytes().strip() if options.secret_file else None
    if isinstance(options.control, tuple) and len(secret or b"") < SHORTEST_SECRET:
        return _fail(f"control over TCP needs a secret of {SHORTEST_SECRET} bytes or more, in --secret-file")
    if options.recordings is not None:
        options.recordings.mkdir(mode=0o700, parents=True, exist_ok=True)
    address, port = options.listen
    place = Place(address, port, options.control, options.second, options.announce, secret, options.owned, options.recordings)
    return run(place)


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    del options
    from server.core.migrate import migrate  # noqa: PLC0415 - as above

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate(settings.database)
    return 0


def _keys(settings: Settings, options: argparse.Namespace) -> int:
    from server import chores  # noqa: PLC0415 - as above

    chore = {"list": chores.list_keys, "new": chores.new_key, "rotate": chores.rotate_keys}.get(options.chore)
    print(chore(settings) if chore else chores.forget_key(settings, options.name), end="")
    return 0


def _recordings(settings: Settings, options: argparse.Namespace) -> int:
    del options
    from server import chores  # noqa: PLC0415 - as above

    print(chores.due_recordings(settings), end="")
    return 0


def _verify(settings: Settings, options: argparse.Namespace) -> int:
    """Print a line for every fault; the exit code says whether there was one."""
    from server.chores import faults_in  # noqa: PLC0415 - as above
    from server.notes.verify import LIMITS  # noqa: PLC0415 - as above

    faults = faults_in(settings, options.what)
    print("".join(f"{fault}\n" for fault in faults) + f"{len(faults) or 'no'} faults found\n{LIMITS}")
    return 1 if faults else 0


def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    """Print a line for everything that was looked at; the exit code says whether something is wrong."""
    del options
    from server.doctor import examine  # noqa: PLC0415 - as above

    findings = examine(settings)
    print("".join(f"{finding}\n" for finding in findings), end="")
    return 1 if any(finding.state == "bad" for finding in findings) else 0


def _demo(settings: Settings, options: argparse.Namespace) -> int:
    facts = fetch_demo(settings.data_dir)
    print(facts.as_json() if options.json else facts.as_text(), end="\n" if options.json else "")
    return 0


def _fail(message: str) -> int:
    print(f"consilium: {message}", file=sys.stderr)
    return 1


COMMANDS = {
    "serve": _serve,
    "media": _media,
    "migrate": _migrate,
    "keys": _keys,
    "recordings": _recordings,
    "verify": _verify,
    "doctor": _doctor,
    "demo": _demo,
}

if __name__ == "__main__":
    sys.exit(main())
