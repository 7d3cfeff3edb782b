"""Makes one copy, piece by piece, so that a long life takes as little memory as a short one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import structlog

from server.access.acting import Reach
from server.billing.printing import make_pdf as make_bill
from server.core.holdings import Subject, export_of, schema_of
from server.core.house import House
from server.core.press import Press
from server.errors import Conflict
from server.notes.export.fhir_faults import InvalidBundle
from server.patients.acting_doors import Reader, see_record_for
from server.patients.doors import own_records
from server.patients.file_actions import content_of
from server.patients.file_doors import Filed
from server.privacy import copy_fhir, copy_pdf
from server.privacy.copies import advance, complete
from server.privacy.copy_box import Box
from server.privacy.copy_facts import AccountFacts, Counted
from server.privacy.copy_gather import DEFAULT_ZONE, Gathered, account_of, patient_in_words, records_of
from server.privacy.copy_paper import lay_out
from server.privacy.copy_rows import DataCopy
from server.privacy.copy_words import Say, read_me
from server.privacy.own_data import Held, Paper, held_about, papers_of, subject_for, subject_of
from server.privacy.parcel import as_json
from server.web.i18n import Languages, read_languages

log = structlog.get_logger(__name__)

MOST_FAULTS = 5  # of a bundle that is not R4, which is our fault; the rest of the copy is made all the same


class Piece(NamedTuple):
    """A file of the copy; `make` raises `Conflict` where it cannot be opened any more."""

    name: str
    make: Callable[[], Awaitable[bytes]]


class Material(NamedTuple):
    """Everything that a copy is made of, without the bytes of its files."""

    account: AccountFacts
    subject: Subject
    held: list[Held]
    records: list[Gathered]


class Maker:
    """Makes one copy. `run` returns whether it was completed: somebody may have given it up meanwhile, or their account is gone."""

    def __init__(self, house: House, press: Press, copy: DataCopy) -> None:
        self._house, self._press, self._copy = house, press, copy
        self._languages: Languages = read_languages(house.settings.locales_dir)
        self._missing: list[str] = []
        self._done = 0

    async def run(self) -> bool:
        house, copy = self._house, self._copy
        key = house.keyring.data_key(copy.key_id, copy.data_key, copy.key_place)
        made_at = house.clock.now()
        material = await _material(house, copy, made_at)
        say = Say(self._languages.choose(copy.language, ""), material.account.zone)
        box = await asyncio.to_thread(Box, house.settings.copies_dir, copy.id, key)
        try:
            if not await self._fill(box, material, say):
                return False
            size, head = await asyncio.to_thread(box.close, made_at.isoformat(), self._missing)
        finally:
            box.abandon()
        async with house.database.write() as tx:
            return await complete(tx, copy, size, head, house.clock.now())

    async def _fill(self, box: Box, material: Material, say: Say) -> bool:
        """Put every piece into it; the words come last, for they name what was missing."""
        pieces = [*self._data(material), *self._files(material), *self._bundles(material, say)]
        for piece in pieces:
            if not await self._is_wanted(len(pieces) + 2):
                return False
            with suppress(Conflict):
                await asyncio.to_thread(box.add, piece.name, await piece.make())
                continue
            self._missing.append(piece.name)
        return await self._is_wanted(len(pieces) + 2) and await self._tell(box, material, say)

    async def _is_wanted(self, total: int) -> bool:
        async with self._house.database.write() as tx:
            wanted = await advance(tx, self._copy, self._done, total, self._house.clock.now())
        self._done += 1
        self._copy.total = total
        return wanted

    def _data(self, material: Material) -> Iterator[Piece]:
        for held in material.held:
            yield Piece(f"data/{held.holding.name}.json", self._exported(held, material.subject))
            yield Piece(f"schemas/{held.holding.name}.schema.json", _ready(as_json(schema_of(held.holding))))

    def _exported(self, held: Held, subject: Subject) -> Callable[[], Awaitable[bytes]]:
        async def make() -> bytes:
            async with self._house.database.read() as tx:
                found = await export_of(tx, held.holding, subject)
            return await asyncio.to_thread(as_json, found)

        return make

    def _files(self, material: Material) -> Iterator[Piece]:
        for record in material.records:
            for path, filed in record.files.items():
                yield Piece(path, self._content(filed))
            for path, paper in record.papers.items():
                yield Piece(path, self._bill(paper))

    def _content(self, filed: Filed) -> Callable[[], Awaitable[bytes]]:
        return lambda: content_of(self._house, filed)

    def _bill(self, paper: Paper) -> Callable[[], Awaitable[bytes]]:
        return lambda: self._press.make(lambda: make_bill(paper.document, paper.corrected, self._languages))

    def _bundles(self, material: Material, say: Say) -> Iterator[Piece]:
        for number, record in enumerate(material.records, 1):
            yield Piece(f"practice-{number}/record.fhir.json", self._bundle(record, say, material.account.made_at))

    def _bundle(self, record: Gathered, say: Say, made_at: datetime) -> Callable[[], Awaitable[bytes]]:
        async def make() -> bytes:
            try:
                return await self._press.make(lambda: copy_fhir.make_fhir(record.facts, say, made_at))
            except InvalidBundle as error:
                found = error.found
            log.error("copy without its bundle", where="; ".join(found[:MOST_FAULTS]))
            raise Conflict

        return make

    async def _tell(self, box: Box, material: Material, say: Say) -> bool:
        account = material.account
        volumes = lay_out(account, [record.facts for record in material.records], self._missing, say)
        for number, volume in enumerate(volumes, 1):
            name = "my-data.pdf" if len(volumes) == 1 else f"my-data-{number}.pdf"
            content = await self._press.make(lambda volume=volume: copy_pdf.make_pdf(volume, say.tag, account.made_at))  # type: ignore[misc]
            await asyncio.to_thread(box.add, name, content)
        await asyncio.to_thread(box.add, "README.txt", read_me(say.language, account.made_at, self._missing))
        return await self._is_wanted(self._copy.total)


async def _material(house: House, copy: DataCopy, now: datetime) -> Material:
    """Gather what a copy is made of; raises `NotFound` where whoever asked for it may not have it any more."""
    async with house.database.read() as tx:
        if copy.patient_id is None:
            own, subject = await own_records(tx, copy.person_id), await subject_of(tx, copy.person_id)
            account = await account_of(tx, copy.person_id, own[0].practice.time_zone if own else DEFAULT_ZONE, now)
        else:
            own = [await see_record_for(tx, Reader(copy.person_id, now), copy.patient_id, Reach.RIGHTS)]
            subject, account = await subject_for(tx, own[0]), patient_in_words(own[0], now)
        held = await held_about(tx, subject)
        records = await records_of(tx, house, copy.person_id, own, await papers_of(tx, subject))
    counted = tuple(Counted(one.holding.words, one.rows, f"data/{one.holding.name}.json") for one in held)
    return Material(replace(account, held=counted), subject, held, records)


def _ready(content: bytes) -> Callable[[], Awaitable[bytes]]:
    async def make() -> bytes:
        return content

    return make
