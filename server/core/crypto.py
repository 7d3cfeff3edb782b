"""The server's secret key and what is derived from it."""

import hashlib
import hmac
import secrets
from pathlib import Path

from server.core.files import create_private
from server.settings import BadSettings

FILE = "secret.key"
KEY_BYTES = 32


class Secrets:
    """Derives one key per purpose (HKDF-like, one block of HMAC-SHA256), so that no MAC can be replayed for another purpose."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("the secret key must have 32 bytes")
        self._key = key

    def mac(self, purpose: str, *parts: str) -> bytes:
        """Return 32 bytes over the parts; each part is length-prefixed so that no two lists collide."""
        derived = self._derived(purpose)
        message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
        return hmac.digest(derived, message, hashlib.sha256)

    @property
    def audit_key(self) -> bytes:
        """The 32 bytes by which the audit is chained."""
        return self._derived("audit chain")

    def _derived(self, purpose: str) -> bytes:
        return hmac.digest(self._key, purpose.encode(), hashlib.sha256)


def load_secrets(data_dir: Path) -> Secrets:
    """Read `secret.key` in the data folder, making it (mode 0600) at the first start; raises as `read_secrets` does."""
    path = data_dir / FILE
    if not path.exists():
        create_private(path, secrets.token_bytes(KEY_BYTES))  # of two first starts at once, both take the key of the faster
    return read_secrets(data_dir)


def read_secrets(data_dir: Path) -> Secrets:
    """Read `secret.key` in the data folder; raises `BadSettings` where there is none, and for a file that is no key."""
    try:
        key = (data_dir / FILE).read_bytes()
    except FileNotFoundError:
        raise BadSettings(
            "secret.key is missing from the data folder, where the first start made it: put it back from its backup"
        ) from None
    if len(key) != KEY_BYTES:
        raise BadSettings(f"secret.key in the data folder must have {KEY_BYTES} bytes: put it back from its backup")
    return Secrets(key)
