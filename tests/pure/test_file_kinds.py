"""What a file really is: neither its name nor its type is believed."""

import struct
import zipfile
from io import BytesIO

import pytest
from PIL import Image

from server.errors import Invalid
from server.patients.file_kinds import LONGEST_NAME, Kind, kind_of, sniff, tidy_name
from server.patients.pictures import drawn_anew
from tests.growth import growth
from tests.http.filing import bomb, packed_pdf, pdf, photograph_with_a_place, picture

pytestmark = [pytest.mark.row("N8")]

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(1 << 20))
    return out.getvalue()


def code_of(content: bytes, name: str) -> str:
    with pytest.raises(Invalid) as refused:
        kind_of(content, name)
    return refused.value.code


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (pdf(), "letter.pdf", Kind.PDF), (picture(), "IMG_1.JPG", Kind.JPEG), (picture(), "a.jpeg", Kind.JPEG),
        (picture("PNG"), "a.png", Kind.PNG), (picture("WEBP"), "a.webp", Kind.WEBP), ("Grüße\n".encode(), "a.txt", Kind.TEXT),
        (packed_pdf(b"<< /Type /Page >>"), "new.pdf", Kind.PDF),
    ],
)  # fmt: skip
def test_what_is_taken(content: bytes, name: str, kind: Kind) -> None:
    assert kind_of(content, name) is kind


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "empty.pdf", "empty"), (SVG, "a.svg", "kind"), (SVG, "a.png", "extension"), (zipped(), "a.zip", "kind"),
        (zipped(), "a.docx", "kind"), (b"MZ\x90\x00\x03", "a.pdf", "kind"), (picture(), "a.pdf", "extension"),
        (picture(), "a.jpg.exe", "kind"), (pdf(), "a.txt", "extension"), (picture(), "noending", "kind"),
        (b"a\x00b", "a.txt", "kind"), (b"\xff\xfe\x00", "a.txt", "kind"), (b"GIF89a;", "a.gif", "kind"),
    ],
)  # fmt: skip
def test_bad_34_what_is_not_taken_or_says_it_is_something_else(content: bytes, name: str, code: str) -> None:
    assert code_of(content, name) in {code, "kind", "extension"}
    assert code in {"empty", "kind", "extension"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pdf()[:-10], "broken"), (pdf() + zipped() + bytes(2000), "broken"), (b"%PDF-x\n%%EOF", "broken"),
        (pdf(b"<< /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"), "active"), (pdf(b"<< /S /J#61vaScript >>"), "active"),
        (pdf(b"<< /S /Launch >>"), "active"), (pdf(b"<< /EmbeddedFile >>"), "active"), (pdf(b"<< /Encrypt 5 0 R >>"), "locked"),
        (packed_pdf(b"<< /S /JavaScript >>"), "active"), (packed_pdf(bytes(5 << 20)), "crowded"),
        (pdf(b"2 0 obj\n<< /Type /ObjStm >>\nstream\nnot packed\nendstream\n"), "broken"),
    ],
)  # fmt: skip
def test_bad_34_a_pdf_that_is_cut_or_can_do_something(content: bytes, code: str) -> None:
    assert code_of(content, "a.pdf") == code


def test_names_in_the_bytes_of_a_scan_are_not_names() -> None:
    scan = b"1 0 obj\n<< /Filter /DCTDecode >>\nstream\n\xff\xd8/JS\x00 /XFA/Encrypt \xff\nendstream\nendobj\n"
    assert kind_of(pdf(scan), "scan.pdf") is Kind.PDF


@pytest.mark.parametrize("start", [b"(stream\n)", b"%stream\n", b"<< /Length 0 >>stream\n"])
def test_bad_34_an_object_that_hides_in_a_stream_is_found(start: bytes) -> None:
    hidden = start + b"\n7 0 obj\n<< /S /JavaScript >>\nendobj\nstream\nendstream\n"
    assert code_of(pdf(b"1 0 obj\n" + hidden), "a.pdf") == "active"
    packed = packed_pdf(b"<< /S /JavaScript >>")
    assert code_of(pdf(b"1 0 obj\n" + start + packed[packed.index(b"2 0 obj") :]), "a.pdf") == "active"


def test_bad_34_many_streams_are_looked_through_in_time() -> None:
    def look_through(streams: int) -> None:
        assert kind_of(pdf(b"1 0 obj\n" + b"/A stream\n".ljust(3500, b"/") * streams), "a.pdf") is Kind.PDF

    look_through(300)
    assert growth(look_through, 75) < 9
    assert code_of(pdf(b"stream\nendstream\n" * 20_001), "a.pdf") == "crowded"
    assert code_of(pdf(b"/" * 1_000_001), "a.pdf") == "crowded"


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("../../etc/passwd.txt", "passwd.txt"), ("C:\\Users\\x\\scan.pdf", "scan.pdf"), ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"),
        ("=cmd|' /C calc'!A0.txt", " C calc'!A0.txt".strip()), ("<img src=x onerror=alert(1)>.png", "img src=x onerror=alert(1).png"),
        ("\u202egpj.txt", "gpj.txt"), (".htaccess", "htaccess"), ("Röntgen  Bild.jpg", "Röntgen Bild.jpg"),
    ],
)  # fmt: skip
def test_bad_34_and_35_names_are_names_only(name: str, tidy: str) -> None:
    assert tidy_name(name) == tidy


def test_long_names_keep_their_ending() -> None:
    assert tidy_name("x" * 500 + ".pdf").endswith("x.pdf")
    assert len(tidy_name("x" * 500 + ".pdf")) == LONGEST_NAME
    assert len(tidy_name("x." + "y" * 500)) <= LONGEST_NAME


def test_a_photograph_keeps_its_pixels_and_nothing_else() -> None:
    drawn = drawn_anew(photograph_with_a_place(), Kind.JPEG)
    with Image.open(BytesIO(drawn)) as image:
        assert image.size == (30, 40), "it stands upright"
        assert not image.getexif()
        assert "comment" not in image.info


def test_every_way_to_hold_a_camera_is_turned_upright() -> None:
    for held in range(10):
        exif = Image.Exif()
        exif[0x0112] = held
        with Image.open(BytesIO(drawn_anew(picture(exif=exif.tobytes()), Kind.JPEG))) as image:
            assert image.size == ((30, 40) if held in range(5, 9) else (40, 30))


@pytest.mark.parametrize("fault", [struct.error, AttributeError])
def test_damaged_tags_do_not_spoil_a_picture(monkeypatch: pytest.MonkeyPatch, fault: type[Exception]) -> None:
    def damaged(_image: Image.Image) -> Image.Exif:
        raise fault

    content = picture("PNG")
    monkeypatch.setattr(Image.Image, "getexif", damaged)
    with Image.open(BytesIO(drawn_anew(content, Kind.PNG))) as image:
        assert image.size == (40, 30)


def test_a_picture_that_the_library_stumbles_over_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_image: Image.Image) -> None:
        raise struct.error

    monkeypatch.setattr("PIL.JpegImagePlugin.JpegImageFile.load", damaged)
    with pytest.raises(Invalid) as refused:
        drawn_anew(picture(), Kind.JPEG)
    assert refused.value.code == "broken"


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_pictures_stay_of_their_kind(form: str) -> None:
    kind = Kind(form.lower())
    drawn = drawn_anew(picture(form), kind)
    assert sniff(drawn) is kind


def test_pictures_of_every_mode_are_drawn() -> None:
    for mode in ("1", "L", "P", "RGBA", "CMYK", "I;16"):
        out = BytesIO()
        form = "JPEG" if mode == "CMYK" else "PNG"
        Image.new(mode, (8, 8)).save(out, form)
        assert drawn_anew(out.getvalue(), Kind(form.lower()))


def test_bad_34_a_polyglot_loses_its_program() -> None:
    assert b"<?php" not in drawn_anew(picture() + b"<?php system('id'); ?>", Kind.JPEG)


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (bomb(), Kind.PNG, "pixels"), (picture()[:200], Kind.JPEG, "broken"), (b"\x89PNG\r\n\x1a\n" + bytes(40), Kind.PNG, "broken"),
        (picture("PNG"), Kind.JPEG, "broken"), (b"RIFF\x10\0\0\0WEBPVP8 ", Kind.WEBP, "broken"),
    ],
)  # fmt: skip
def test_bad_34_bombs_and_halves_are_refused(content: bytes, kind: Kind, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        drawn_anew(content, kind)
    assert refused.value.code == code
