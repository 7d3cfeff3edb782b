"""Encryption at rest: every protected thing has a data key of its own, and the data keys are encrypted by a key of the ring.

So a new key for the ring means one small write per thing, while its rows, which a hash chain covers, stay as they are.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.core.files import create_private
from server.settings import BadSettings

KEY_BYTES = 32
NONCE_BYTES = 12
FILE = "keyring.json"
FIRST_KEY = "k1"


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


class KeyRing:
    """The keys that encrypt data keys; new ones are encrypted by the current key, the others only open what is there."""

    def __init__(self, current: str, keys: Mapping[str, bytes]) -> None:
        self.current = current
        self._sealers = {name: Sealer(key) for name, key in keys.items()}

    def new_data_key(self, place: bytes) -> tuple[str, bytes]:
        """Make a data key; returns the name of the key that encrypts it, and the encrypted data key."""
        return self.current, self._sealers[self.current].seal(secrets.token_bytes(KEY_BYTES), place)

    def sealer(self, key_id: str, data_key: bytes, place: bytes) -> Sealer:
        """Open an encrypted data key; raises `MissingKey` and `Unreadable`."""
        ring_key = self._sealers.get(key_id)
        if ring_key is None:
            raise MissingKey(key_id)
        return Sealer(ring_key.open(data_key, place))


def load_keyring(data_dir: Path) -> KeyRing:
    """Read `keyring.json` in the data folder, making it (mode 0600) at the first start; raises `BadSettings` for what is no key ring."""
    path = data_dir / FILE
    if not path.exists():
        create_private(path, _written(FIRST_KEY, {FIRST_KEY: secrets.token_bytes(KEY_BYTES)}))
    try:
        ring = json.loads(path.read_text())
        keys = {name: base64.b64decode(text, validate=True) for name, text in ring["keys"].items()}
        sound = ring["current"] in keys and all(len(key) == KEY_BYTES for key in keys.values())
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        sound = False
    if not sound:
        raise BadSettings(f"{FILE} in the data folder is no key ring: put it back from its backup")
    return KeyRing(ring["current"], keys)


def _written(current: str, keys: Mapping[str, bytes]) -> bytes:
    texts = {name: base64.b64encode(key).decode() for name, key in keys.items()}
    return json.dumps({"current": current, "keys": texts}, indent=2).encode()
