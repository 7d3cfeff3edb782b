"""The server's secret key and what is derived from it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

KEY_BYTES = 32


class Secrets:
    """Derives one key per purpose (HKDF-like, one block of HMAC-SHA256), so that no MAC can be replayed for another purpose."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("the secret key must have 32 bytes")
        self._key = key

    def mac(self, purpose: str, *parts: str) -> bytes:
        """Return 32 bytes over the parts; each part is length-prefixed so that no two lists collide."""
        derived = hmac.digest(self._key, purpose.encode(), hashlib.sha256)
        message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
        return hmac.digest(derived, message, hashlib.sha256)


def load_secrets(data_dir: Path) -> Secrets:
    """Read `secret.key` in the data folder, making it (mode 0600) at the first start."""
    path = data_dir / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return Secrets(path.read_bytes())
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(KEY_BYTES)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return Secrets(key)
