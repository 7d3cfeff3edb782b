"""Signs what leaves the server to be believed elsewhere: Ed25519 (RFC 8032), so that nobody needs the server to check it."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

from server.core.files import create_private
from server.settings import BadSettings

FILE = "signing.key"


class Signer:
    """The server's signing key. Its public half goes along with what it signs, and whoever doubts it compares it with the server's page."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public_pem(self) -> bytes:
        """The public key as PEM, as `openssl pkeyutl -pubin` reads it."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self._key.sign(content)


def load_signer(data_dir: Path) -> Signer:
    """Read `signing.key` in the data folder, making it (mode 0600) when it is first needed; raises `BadSettings`."""
    path = data_dir / FILE
    if not path.exists():
        create_private(path, Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadSettings(f"{FILE} in the data folder is no Ed25519 key: put it back from its backup")
    return Signer(key)
