"""Starts the private servers that tests need, each in a temporary folder on a free port, and stops them by their process id."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx2
import pytest

from server.certificate import ensure_certificate
from server.core.clock import SystemClock
from tests.forking import ROOT, Fork
from tests.forking import run as run_fork

WAIT_S = 30.0
STOP_S = 15.0
RELAYS = 100
WORKER, WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
# Below the ephemeral ports, so that no outgoing connection takes one of them; two workers never choose from the same.
OWN_PORTS = range(10_000, 32_000)[WORKER::WORKERS]


class NotUp(Exception):
    """A server did not start; the text holds the end of its log."""


def missing(what: str, how: str) -> None:
    """Skip the test, or fail it where everything must be installed (CI=true)."""
    message = f"{what} is not installed; {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def need_six() -> None:
    """Skip the test where this machine speaks no IPv6, as in many a container: no package would change that."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("IPv6 has no loopback here (sysctl net.ipv6.conf.lo.disable_ipv6)")


def need_program(name: str, package: str, *folders: str) -> str:
    """Return the path of a program, or skip the test with the sentence that says what to install."""
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    if path is None:
        missing(name, f"try: sh tests/install.sh (apt package {package})")
    return str(path)


def until(check: Callable[[], object], *, timeout_s: float = WAIT_S, what: str = "the condition") -> None:
    """Ask again until `check()` is true; raises `TimeoutError`."""
    ends = time.monotonic() + timeout_s
    while not check():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what} was not met within {timeout_s:g} s")
        time.sleep(0.02)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    start = int.from_bytes(os.urandom(2), "big")
    for step in range(len(OWN_PORTS)):
        port = OWN_PORTS[(start + step) % len(OWN_PORTS)]
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise NotUp("there is no free port")


def listening(port: int, address: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((address, port)) == 0


def listening_at(path: Path) -> bool:
    """Whether somebody listens on a unix socket. Its file stands there from bind(2) on, when nobody may connect yet."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(str(path)) == 0


class Process:
    """One child process with its log in a file."""

    _child: "subprocess.Popen[bytes] | Fork"

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, user: str | None = None) -> None:
        self.log = log
        with log.open("ab") as out:
            self._child = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env=env,
                user=user,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    @property
    def pid(self) -> int:
        return self._child.pid

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def until_up(self, check: Callable[[], object]) -> None:
        """Wait for `check()`; raises `NotUp` with the log's end when the process ends first or never answers."""
        try:
            until(lambda: not self.running or check(), what="the start")
        except TimeoutError:
            self.stop(signal.SIGKILL)
        if not self.running:
            raise NotUp(f"{self._child.args!r} did not start:\n{self.text()[-3000:]}")

    def tell(self, what: signal.Signals) -> None:
        self._child.send_signal(what)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and wait; a process that ignores it is killed."""
        if self.running:
            self._child.send_signal(how)
        try:
            self._child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(STOP_S)


class Forked(Process):
    """A command of the server in a fork of a process that has imported it already."""

    def __init__(self, arguments: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        self._child = Fork(arguments, log, os.environ if env is None else env)

    @property
    def code(self) -> int | None:
        """The exit code, None while it runs."""
        return self._child.poll()


class Postgres:
    """A private PostgreSQL cluster without fsync. Root may not run PostgreSQL, so root starts it as `postgres`."""

    def __init__(self) -> None:
        folders = [str(path / "bin") for path in sorted(Path("/usr/lib/postgresql").glob("*"), reverse=True)]
        initdb = need_program("initdb", "postgresql", *folders)
        self._folder = Path(tempfile.mkdtemp(prefix="consilium-pg-"))
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        data = self._folder / "data"
        subprocess.run(
            [initdb, "-D", str(data), "-U", "consilium", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
            check=True, capture_output=True, user=self._user, cwd=self._folder,
        )  # fmt: skip
        self.port = free_port()
        options = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self._folder, "fsync": "off",
            "synchronous_commit": "off", "full_page_writes": "off", "max_connections": 200, "autovacuum": "off", "timezone": "UTC",
        }  # fmt: skip
        postgres = need_program("postgres", "postgresql", *folders)
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._command = [postgres, "-D", str(data), *arguments]
        self.start()

    def start(self) -> None:
        """Start it, or start it again on the same data."""
        self.process = Process(self._command, self._folder.with_suffix(".log"), user=self._user)
        self.process.until_up(self.ready)

    def ready(self) -> bool:
        """Whether it takes statements; it listens a while before it does."""
        import psycopg

        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def halt(self) -> None:
        """End every connection and stop; the data stay."""
        self.process.stop(signal.SIGINT)

    def url(self, database: str) -> str:
        return f"postgresql://consilium@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement outside of any transaction (CREATE DATABASE, DROP DATABASE)."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self._folder, ignore_errors=True)
        self.process.log.unlink(missing_ok=True)


FRESH = ["-m", "server", "serve"]
FIRST_START_S = 120.0  # on an empty database: every migration, and whom the demo seats


class AppServer:
    """The real server in its own process: it can be killed and started again on the same port and the same data.

    Settings are given without their prefix; an empty value leaves a setting out.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"ENVIRONMENT": "production", "BASE_URL": self.url, "PORT": str(self.port), "DATA_DIR": str(folder / "data")}
        own |= {"REQUIRE_SECOND_FACTOR": "no"}  # or nobody of the cast would come in by the password alone
        self.settings = {**own, **settings}
        self.command = FRESH
        (folder / "data").mkdir(parents=True, exist_ok=True)
        self._process: Process | None = None

    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONSILIUM_", "PYTHONDONTWRITE"))}
        return {**kept, "PYTHONUNBUFFERED": "1", **{f"CONSILIUM_{name}": value for name, value in self.settings.items() if value}}

    def begin(self) -> None:
        """Start the process without waiting for it."""
        self._process = Process([sys.executable, *self.command], self.folder / "server.log", env=self.env())

    def start(self) -> None:
        """Start and wait until the server says that it is ready."""
        self.begin()
        self.until_ready()

    def until_ready(self) -> None:
        assert self._process is not None
        self._process.until_up(self.ready)

    def ready(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200
        except httpx2.TransportError:
            return False

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the server with the same settings, to its end, whatever that is."""
        return self.run_fresh(*arguments)

    def run_fresh(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same in a process that has to import everything, as an operator's."""
        command = [sys.executable, "-m", "server", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.env(), capture_output=True, text=True, timeout=60, check=False)

    def kill(self) -> None:
        """SIGKILL: what a crash of the machine looks like to the process."""
        if self._process is not None:
            self._process.stop(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM: what an upgrade looks like."""
        if self._process is not None:
            self._process.stop()

    def restart(self) -> None:
        self.start()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._process.text() if self._process else ""


class ForkedServer(AppServer):
    """The same as a fork of a process that has imported everything, for tests that do not look at the start of a process."""

    def begin(self) -> None:
        if self.command != FRESH:
            return super().begin()
        self._process = Forked(["serve"], self.folder / "server.log", self.env())
        return None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_fork(arguments, self.env())


class Turn:
    """A private coturn as `deploy/` has it, but that it relays to its own address, which in `deploy/` stays closed where it is an inner
    one. Its relays follow its own port.
    """

    def __init__(self, folder: Path, secret: str, address: str = "127.0.0.1", **changes: str) -> None:
        program = need_program("turnserver", "coturn")
        folder.mkdir(exist_ok=True)
        self.address = address
        self.port, self.tls_port = free_port(), free_port()
        self.secret = secret
        self.certificate = folder / "turn.pem"
        ensure_certificate(self.certificate, folder / "turn.key", address, SystemClock().now())
        files = {"cert": self.certificate, "pkey": folder / "turn.key", "pidfile": folder / "turn.pid", "userdb": folder / "turn.db"}
        values = {
            "listening-ip": address,
            "relay-ip": address,
            "static-auth-secret": secret,
            "listening-port": str(self.port),
            "tls-listening-port": str(self.tls_port),
            "min-port": str(self.port + 1),
            "max-port": str(self.port + RELAYS),
            **{name: str(path) for name, path in files.items()},
            "allowed-peer-ip": address,
            **changes,
        }
        configuration = folder / "turnserver.conf"
        configuration.write_text(_with_values((ROOT / "deploy/coturn/turnserver.conf").read_text(), values) + "allow-loopback-peers\n")
        self.process = Process([program, "-c", str(configuration)], folder / "turn.log")
        self.process.until_up(lambda: listening(self.port, address) and listening(self.tls_port, address))

    @property
    def url(self) -> str:
        return f"turn:{self.address}:{self.port}?transport=udp"

    @property
    def tcp_url(self) -> str:
        return f"turn:{self.address}:{self.port}?transport=tcp"

    @property
    def tls_url(self) -> str:
        return f"turns:{self.address}:{self.tls_port}?transport=tcp"

    def stop(self) -> None:
        self.process.stop()


def _with_values(configuration: str, values: Mapping[str, str]) -> str:
    """Return a file of `name=value` lines with these values in place of its own, and at its end where it has none."""
    kept = [line for line in configuration.splitlines() if line.partition("=")[0] not in values]
    return "\n".join([*kept, *(f"{name}={value}" for name, value in values.items()), ""])
