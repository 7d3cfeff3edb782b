"""Files for the tests of documents, good and bad ones."""

import struct
import zlib
from io import BytesIO

from PIL import Image

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 30), **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(out, form, **more)
    return out.getvalue()


def photograph_with_a_place() -> bytes:
    """A photograph that lies on its side and says where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif.tobytes(), comment=b"taken at home")


def pdf(objects: bytes = b"1 0 obj\n<< /Type /Catalog >>\nendobj\n") -> bytes:
    return b"%PDF-1.7\n" + objects + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"


def packed_pdf(inside: bytes) -> bytes:
    """A PDF whose objects stand in a packed stream."""
    packed = zlib.compress(inside)
    head = b"2 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    return pdf(head + packed + b"\nendstream\nendobj\n")


def bomb() -> bytes:
    """A PNG of 900 million pixels in few bytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack("!I", len(content)) + name + content + struct.pack("!I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack("!IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")
