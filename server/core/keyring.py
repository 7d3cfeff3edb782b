"""Encryption at rest: every protected thing has a data key of its own, and the data keys are encrypted by a key of the ring.

So a new key for the ring means one small write per thing, while its rows, which a hash chain covers, stay as they are.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.core.files import create_private, replace_private
from server.settings import BadSettings

KEY_BYTES = 32
NONCE_BYTES = 12
FILE = "keyring.json"


class Unreadable(Exception):
    """Bytes that were changed, moved to another place, or encrypted under another key."""


class MissingKey(Exception):
    """The ring does not hold this key."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id


class Sealer:
    """AES-256-GCM under one key, with a random nonce in front. What is sealed opens only in the place that it was sealed for."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, plain: bytes, place: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Return what was sealed; raises `Unreadable`."""
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            raise Unreadable from None


def place_of(table: str, *key: object) -> bytes:
    """Name the row that a value stands in, so that it opens in no other."""
    return ":".join((table, *map(str, key))).encode()


class _Ring(NamedTuple):
    """What the file says."""

    current: str
    keys: Mapping[str, bytes]


class KeyRing:
    """The keys that encrypt data keys; new ones are encrypted by the current key, the others only open what is there.

    The file is looked at again before a data key is made, and for a key that is not known yet: a rotation needs no restart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read()

    @property
    def current(self) -> str:
        self._refresh()
        return self._ring.current

    @property
    def names(self) -> list[str]:
        self._refresh()
        return list(self._ring.keys)

    def new_data_key(self, place: bytes) -> tuple[str, bytes]:
        """Make a data key; returns the name of the key that encrypts it, and the encrypted data key."""
        return self.current, self._sealers[self._ring.current].seal(secrets.token_bytes(KEY_BYTES), place)

    def sealer(self, key_id: str, data_key: bytes, place: bytes) -> Sealer:
        """Open an encrypted data key; raises `MissingKey` and `Unreadable`."""
        return Sealer(self._opened(key_id, data_key, place))

    def data_key(self, key_id: str, sealed: bytes, place: bytes) -> bytes:
        """Return a data key itself, for whoever encrypts in another process; raises as `sealer` does."""
        return self._opened(key_id, sealed, place)

    def rewrap(self, key_id: str, data_key: bytes, place: bytes) -> tuple[str, bytes]:
        """Return the same data key encrypted by the current key, and that key's name; raises as `sealer` does."""
        opened = self._opened(key_id, data_key, place)
        return self.current, self._sealers[self._ring.current].seal(opened, place)

    def _opened(self, key_id: str, data_key: bytes, place: bytes) -> bytes:
        if key_id not in self._sealers:
            self._refresh()
        if key_id not in self._sealers:
            raise MissingKey(key_id)
        return self._sealers[key_id].open(data_key, place)

    def _refresh(self) -> None:
        if _age(self._path) != self._seen:
            self._read()

    def _read(self) -> None:
        self._seen = _age(self._path)
        self._ring = _read_ring(self._path)
        self._sealers = {name: Sealer(key) for name, key in self._ring.keys.items()}


def load_keyring(data_dir: Path) -> KeyRing:
    """Read `keyring.json` in the data folder, making it (mode 0600) at the first start; raises `BadSettings` for what is no key ring."""
    path = data_dir / FILE
    if not path.exists():
        name = _new_name()
        create_private(path, _written(_Ring(name, {name: secrets.token_bytes(KEY_BYTES)})))
    return KeyRing(path)


def add_key(data_dir: Path) -> str:
    """Make a new key the current one, and return its name; what is there stays under the older keys until it is rotated."""
    path = data_dir / FILE
    ring, name = _read_ring(path), _new_name()
    replace_private(path, _written(_Ring(name, {**ring.keys, name: secrets.token_bytes(KEY_BYTES)})))
    return name


def drop_key(data_dir: Path, name: str) -> None:
    """Take a key out of the ring, for ever; whoever calls has seen that nothing needs it. The current one stays: raises `BadSettings`."""
    path = data_dir / FILE
    ring = _read_ring(path)
    if name not in ring.keys:
        raise BadSettings(f"there is no key {name} in {FILE}")
    if name == ring.current:
        raise BadSettings(f"{name} is the current key: add a new one first")
    replace_private(path, _written(ring._replace(keys={other: key for other, key in ring.keys.items() if other != name})))


def _new_name() -> str:
    """Random, so that no ring that was made anew ever claims to hold an older one's key."""
    return f"k-{secrets.token_hex(4)}"


def _age(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_ino


def _read_ring(path: Path) -> _Ring:
    try:
        found = json.loads(path.read_text())
        keys = {name: base64.b64decode(text, validate=True) for name, text in found["keys"].items()}
        ring = _Ring(found["current"], keys)
        sound = ring.current in keys and all(len(key) == KEY_BYTES for key in keys.values())
    except (ValueError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise BadSettings(f"{FILE} in the data folder is no key ring: put it back from its backup")
    return ring


def _written(ring: _Ring) -> bytes:
    texts = {name: base64.b64encode(key).decode() for name, key in ring.keys.items()}
    return json.dumps({"current": ring.current, "keys": texts}, indent=2).encode()
