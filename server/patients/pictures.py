"""Draws a picture anew, so that nothing but its pixels is kept: no place, no camera, no program behind its end. Blocking."""

import struct
import warnings
from io import BytesIO

from PIL import ExifTags, Image, ImageCms, ImageOps

from server.patients.file_kinds import Kind, refusal

MOST_PIXELS = 50_000_000  # 200 MB while it is drawn; the largest telephones take 48 million as a rule
QUALITY = 90
THUMBNAIL, THUMBNAIL_QUALITY = (160, 160), 70
# What Pillow would only warn of is an error: a few bytes that unfold into gigabytes.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

_FORMATS = {Kind.JPEG: "JPEG", Kind.PNG: "PNG", Kind.WEBP: "WEBP"}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by what the camera writes of how it was held
_MODES = {"L", "RGB", "RGBA"}


def drawn_anew(content: bytes, kind: Kind) -> bytes:
    """Return the picture, upright, in the same format; raises `Invalid` for one that is damaged or too large."""
    try:
        return _drawn(content, _FORMATS[kind])
    except (Image.DecompressionBombWarning, Image.DecompressionBombError, MemoryError):
        raise refusal("pixels") from None
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, TypeError, IndexError, KeyError, AttributeError, struct.error):
        raise refusal("broken") from None


def thumbnail_of(content: bytes) -> bytes:
    """Return a small JPEG of a picture that `drawn_anew` made, of a few thousand bytes."""
    with Image.open(BytesIO(content)) as image:
        image.draft("RGB", THUMBNAIL)  # a large JPEG is read at a fraction of its size
        image.thumbnail(THUMBNAIL)
        small = Image.new("RGB", image.size, "white")
        shown = image.convert("RGBA")
    small.paste(shown, mask=shown.getchannel("A"))
    out = BytesIO()
    small.save(out, "JPEG", quality=THUMBNAIL_QUALITY)
    return out.getvalue()


def small_png(content: bytes, kind: Kind, box: tuple[int, int]) -> bytes:
    """Return a picture that was drawn anew as a PNG that fits into so many pixels, never larger than it was."""
    with Image.open(BytesIO(content), formats=[_FORMATS[kind]]) as image:
        image.thumbnail(box)
        out = BytesIO()
        image.save(out, "PNG", optimize=True)
    return out.getvalue()


def square_jpeg(content: bytes, kind: Kind, side: int) -> bytes:
    """Return the middle of a picture that was drawn anew, as a square of so many pixels, on white where it is transparent."""
    with Image.open(BytesIO(content), formats=[_FORMATS[kind]]) as image:
        fitted = ImageOps.fit(image.convert("RGBA"), (side, side))
    white = Image.new("RGB", fitted.size, "white")
    white.paste(fitted, mask=fitted.getchannel("A"))
    out = BytesIO()
    white.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _drawn(content: bytes, form: str) -> bytes:
    with Image.open(BytesIO(content), formats=[form]) as image:
        image.load()
        upright = _upright(_in_srgb(image))
        plain = upright if upright.mode in _MODES else upright.convert("RGBA" if "transparency" in upright.info else "RGB")
    if form == "JPEG" and plain.mode == "RGBA":
        plain = plain.convert("RGB")
    fresh = Image.new(plain.mode, plain.size)
    fresh.paste(plain)
    out = BytesIO()
    fresh.save(out, form, **({} if form == "PNG" else {"quality": QUALITY}))
    return out.getvalue()


def _upright(image: Image.Image) -> Image.Image:
    """Turn it as the camera was held; tags that cannot be read change nothing, as they are not kept."""
    try:
        held = image.getexif().get(ExifTags.Base.Orientation)
    except (struct.error, OSError, ValueError, SyntaxError, TypeError, LookupError, AttributeError):
        held = None
    turn = _TURNS.get(held) if isinstance(held, int) else None
    turned = image if turn is None else image.transpose(turn)
    turned.info = image.info
    return turned


def _in_srgb(image: Image.Image) -> Image.Image:
    """Bring colours of a wider space into the one that every screen knows, for the profile is not kept; a broken one changes nothing."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode != "RGB":
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        turned = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    if turned is None:
        return image
    turned.info = dict(image.info)
    return turned
