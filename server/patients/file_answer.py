"""How a document leaves the house: as an attachment that can do nothing in a browser."""

from urllib.parse import quote

from starlette.responses import Response

from server.patients.file_doors import Filed

POLICY = "sandbox; default-src 'none'"


def attachment(filed: Filed, content: bytes) -> Response:
    """The type is what the bytes were found to be; a browser that guesses another one is told not to."""
    headers = {
        "Content-Disposition": f"attachment; filename=\"document.{_extension(filed)}\"; filename*=UTF-8''{quote(filed.name, safe='')}",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=filed.media_type, headers=headers)


def _extension(filed: Filed) -> str:
    return filed.name.rpartition(".")[2] if filed.name.isascii() else filed.row.kind
