"""Draws a picture anew, so that nothing but its pixels is kept: no place, no camera, no program behind its end. Blocking."""

import warnings
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from server.patients.file_kinds import Kind, refusal

MOST_PIXELS = 50_000_000  # 200 MB while it is drawn; the largest telephones take 48 million as a rule
QUALITY = 90
# What Pillow would only warn of is an error: a few bytes that unfold into gigabytes.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

_FORMATS = {Kind.JPEG: "JPEG", Kind.PNG: "PNG", Kind.WEBP: "WEBP"}
_MODES = {"L", "RGB", "RGBA"}


def drawn_anew(content: bytes, kind: Kind) -> bytes:
    """Return the picture, upright, in the same format; raises `Invalid` for one that is damaged or too large."""
    try:
        return _drawn(content, _FORMATS[kind])
    except (Image.DecompressionBombWarning, Image.DecompressionBombError, MemoryError):
        raise refusal("pixels") from None
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, TypeError, IndexError, KeyError):
        raise refusal("broken") from None


def _drawn(content: bytes, form: str) -> bytes:
    with Image.open(BytesIO(content), formats=[form]) as image:
        image.load()
        upright = ImageOps.exif_transpose(_in_srgb(image))
        plain = upright if upright.mode in _MODES else upright.convert("RGBA" if "transparency" in upright.info else "RGB")
    if form == "JPEG" and plain.mode == "RGBA":
        plain = plain.convert("RGB")
    fresh = Image.new(plain.mode, plain.size)
    fresh.paste(plain)
    out = BytesIO()
    fresh.save(out, form, **({} if form == "PNG" else {"quality": QUALITY}))
    return out.getvalue()


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
