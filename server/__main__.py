"""The command line: serve, media, migrate, practice, keys, accounts, verify, statistics, doctor, demo."""

import argparse
import gc
import sys
from collections.abc import Sequence

from server.node import EngineMissing, add_media, engine_status, run_media
from server.settings import BadSettings, Settings, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        given = {"host": options.host, "port": options.port} if options.command == "serve" else {}
        settings = load_settings(**{name: value for name, value in given.items() if value is not None})
        return COMMANDS[options.command](settings, options)
    except (BadSettings, EngineMissing) as error:
        return _fail(str(error))
    except Exception as error:
        what = _words_for(error)
        if what is None:
            raise
        return _fail(what)


def _words_for(error: Exception) -> str | None:
    """Return what an operator is told of it, None for a bug. What is imported here would hold up an engine that starts."""
    from urllib.error import URLError  # noqa: PLC0415 - as it says

    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - as it says

    if isinstance(error, SQLAlchemyError):
        return f"the database cannot be used ({type(error).__name__})"
    if isinstance(error, URLError):
        return f"the server does not answer ({error.reason})"
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="consilium", description="Video consultations with waiting room, call and live notes.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the server")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (8000); 0 takes a free one")
    media = commands.add_parser("media", help="start a forwarding engine for calls of three and more")
    add_media(media)
    commands.add_parser("migrate", help="bring the database to the newest schema")
    _add_practice(commands.add_parser("practice", help="make a practice, and let its owner in").add_subparsers(dest="chore", required=True))
    keys = commands.add_parser("keys", help="the keys that encrypt the notes").add_subparsers(dest="chore", required=True)
    keys.add_parser("list", help="which there are, and how many notes need them")
    keys.add_parser("new", help="make a new key, which new notes get from now on")
    keys.add_parser("rotate", help="bring all notes under the current key; the server may run meanwhile")
    keys.add_parser("drop", help="delete a key that no note needs any more").add_argument("name")
    readmit = commands.add_parser(
        "readmit", help="let somebody in again who lost phone and codes: take every way in, the password too, print a link"
    )
    readmit.add_argument("username")
    commands.add_parser("recordings", help="which recordings of calls the server is about to delete, because their time is over")
    accounts = commands.add_parser("accounts", help="what people ask about their accounts, where several practices share the server")
    chores = accounts.add_subparsers(dest="chore", required=True)
    chores.add_parser("list", help="what is not answered yet, and until when it must be")
    answer = chores.add_parser("answer", help="answer one; the words are read from the standard input")
    answer.add_argument("id")
    answer.add_argument("state", choices=["done", "refused"])
    erasures = commands.add_parser("erasures", help="what was erased").add_subparsers(dest="chore", required=True)
    erasures.add_parser("replay", help="erase it again, after a backup was put back and before the server starts")
    commands.add_parser("statistics", help="counts of all practices by month, as CSV; figures under ten are not shown")
    verify = commands.add_parser("verify", help="look for tampering in the notes or in the audit")
    verify.add_argument("what", choices=["notes", "audit"])
    commands.add_parser("doctor", help="try every way into a call that browsers will be offered, and say what is wrong")
    demo = commands.add_parser("demo", help="sign-ins and a fresh patient's link of a running demo server")
    demo.add_argument("--json", action="store_true", help="for programs")
    return parser


def _add_practice(chores: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    new = chores.add_parser("new", help="make a practice, print a link by which its owner makes an account; the server may run meanwhile")
    new.add_argument("name", help="as patients read it, such as 'Harbour Clinic'")
    new.add_argument("--time-zone", default="Europe/London", help="of its hours (Europe/London)")
    invite = chores.add_parser(
        "invite", help="print a new link for the owner of a practice that has none yet: the first was lost or ran out"
    )
    invite.add_argument("practice", help="its name or its id")
    for parser in (new, invite):
        parser.add_argument("--owner-email", default="", help="where the link is sent, too, if a mail server is set up")
    chores.add_parser("list", help="the practices of this server, and whether they have owners")


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


def _media(settings: Settings, options: argparse.Namespace) -> int:
    if options.status:
        print(engine_status(options), end="")
        return 0
    return run_media(settings, options)


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    del options
    from server.core.migrate import migrate  # noqa: PLC0415 - as above

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate(settings.database)
    return 0


def _practice(settings: Settings, options: argparse.Namespace) -> int:
    from server import chores  # noqa: PLC0415 - as above
    from server.access.founding import Wanted  # noqa: PLC0415 - as above

    if options.chore == "new":
        told = chores.make_practice(settings, Wanted(options.name, options.time_zone, options.owner_email))
    elif options.chore == "invite":
        told = chores.invite_owner(settings, options.practice, options.owner_email)
    else:
        told = chores.list_practices(settings)
    print(told, end="")
    return 0


def _keys(settings: Settings, options: argparse.Namespace) -> int:
    from server import chores  # noqa: PLC0415 - as above

    chore = {"list": chores.list_keys, "new": chores.new_key, "rotate": chores.rotate_keys}.get(options.chore)
    print(chore(settings) if chore else chores.forget_key(settings, options.name), end="")
    return 0


def _readmit(settings: Settings, options: argparse.Namespace) -> int:
    from server import chores  # noqa: PLC0415 - as above

    print(chores.let_in_again(settings, options.username), end="")
    return 0


def _accounts(settings: Settings, options: argparse.Namespace) -> int:
    from server import chores  # noqa: PLC0415 - as above

    if options.chore == "list":
        print(chores.open_account_requests(settings), end="")
    else:
        print(chores.answer_account_request(settings, options.id, options.state, sys.stdin.read().strip()), end="")
    return 0


def _erasures(settings: Settings, options: argparse.Namespace) -> int:
    del options
    from server import chores  # noqa: PLC0415 - as above

    print(chores.replay_erasures(settings), end="")
    return 0


def _recordings(settings: Settings, options: argparse.Namespace) -> int:
    del options
    from server import chores  # noqa: PLC0415 - as above

    print(chores.due_recordings(settings), end="")
    return 0


def _statistics(settings: Settings, options: argparse.Namespace) -> int:
    del options
    from server import chores  # noqa: PLC0415 - as above

    print(chores.statistics(settings), end="")
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
    from server.demo_client import DemoServerMissing, fetch_demo  # noqa: PLC0415 - as above

    try:
        facts = fetch_demo(settings.data_dir)
    except DemoServerMissing as error:
        return _fail(str(error))
    print(facts.as_json() if options.json else facts.as_text(), end="\n" if options.json else "")
    return 0


def _fail(message: str) -> int:
    print(f"consilium: {message}", file=sys.stderr)
    return 1


COMMANDS = {
    "serve": _serve,
    "media": _media,
    "migrate": _migrate,
    "practice": _practice,
    "keys": _keys,
    "readmit": _readmit,
    "recordings": _recordings,
    "accounts": _accounts,
    "erasures": _erasures,
    "statistics": _statistics,
    "verify": _verify,
    "doctor": _doctor,
    "demo": _demo,
}

if __name__ == "__main__":
    sys.exit(main())
