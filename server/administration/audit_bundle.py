"""What an auditor or a regulator takes away: the entries as CSV and PDF, what they are, and a signature over it; pure."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from server.core.audit import Entry
from server.core.csv_rows import csv_of
from server.core.signer import Signer

HEADS = ("number", "at", "who", "person", "act", "thing", "thing_id", "patient", "acting", "reason", "hash")
README = """An extract of the audit of {practice}.

audit.csv      every entry asked for, one per line; times are UTC; patients are named by the number of their record;
               "acting" is the number by which somebody acted for the patient
audit.pdf      the same to be read; it is left out where there are more entries than anybody reads
manifest.json  what was asked for, by whom, when, the SHA-256 of the files, and where the chain of the whole audit ended then
manifest.sig   the server's signature over manifest.json (Ed25519, RFC 8032)
key.pem        the public key; it is the one at {address}

To check it:
  openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in manifest.json -sigfile manifest.sig
  sha256sum audit.csv audit.pdf

Reasons that were written about a patient are not in it: they belong to the record.
"""


class Wanted(NamedTuple):
    """The first and the last day on the practice's wall, both inside, and the one person whose deeds are asked for."""

    first: date
    last: date
    person_id: UUID | None


class Chain(NamedTuple):
    """The end of the practice's whole chain when the extract was made, and the number at which it does not hold, if there is one."""

    number: int
    hash: bytes
    broken: int | None


@dataclass(frozen=True)
class Extract:
    """All that the bundle is made of; `names` are those of people who work or worked here."""

    practice: str
    practice_id: UUID
    zone: str
    wanted: Wanted
    entries: Sequence[Entry]
    names: Mapping[UUID, str]
    chain: Chain
    made_at: datetime
    made_by: str


def csv_file(extract: Extract) -> bytes:
    return csv_of([HEADS, *(row_of(extract, entry) for entry in extract.entries)])


def row_of(extract: Extract, entry: Entry) -> list[str]:
    """Return an entry as text, in the order of `HEADS`; what was written about a patient is left out."""
    known = entry.person_id in extract.names
    return [
        str(entry.number),
        entry.at.isoformat(),
        extract.names[entry.person_id] if known and entry.person_id else "",
        str(entry.person_id) if known else ("from outside" if entry.person_id else "the server"),
        entry.act,
        entry.thing,
        str(entry.thing_id),
        str(entry.patient_id or ""),
        str(entry.representation_id or ""),
        "" if entry.patient_id else entry.reason or "",
        entry.hash.hex(),
    ]


def manifest_of(extract: Extract, files: Mapping[str, bytes]) -> bytes:
    wanted, chain = extract.wanted, extract.chain
    said: dict[str, Any] = {
        "practice": {"id": str(extract.practice_id), "name": extract.practice},
        "made_at": extract.made_at.isoformat(),
        "made_by": extract.made_by,
        "asked_for": {
            "first_day": wanted.first.isoformat(),
            "last_day": wanted.last.isoformat(),
            "time_zone": extract.zone,
            "person": str(wanted.person_id) if wanted.person_id else None,
        },
        "entries": len(extract.entries),
        "chain": {"number": chain.number, "hash": chain.hash.hex(), "holds": chain.broken is None, "broken_at": chain.broken},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return json.dumps(said, indent=2, ensure_ascii=False).encode()


def bundle_of(extract: Extract, pdf: bytes | None, signer: Signer, address: str) -> bytes:
    """Return the zip; without `pdf` there were too many entries to print."""
    files = {"audit.csv": csv_file(extract)} | ({"audit.pdf": pdf} if pdf is not None else {})
    manifest = manifest_of(extract, files)
    files |= {
        "manifest.json": manifest,
        "manifest.sig": signer.sign(manifest),
        "key.pem": signer.public_pem,
        "README.txt": README.format(practice=extract.practice, address=address).encode(),
    }
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(ZipInfo(name, extract.made_at.timetuple()[:6]), content, ZIP_DEFLATED)
    return packed.getvalue()
