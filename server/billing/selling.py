"""What a practice says about itself on its documents: checked, and stored by its administrators, on record."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from server.billing.books import Reader
from server.billing.papers import Seller, ServiceVat
from server.billing.vat import VatKind
from server.booking.model import Service, ServiceState
from server.core.audit import Act, Deed, record
from server.core.db import Tx
from server.core.marking import _
from server.errors import Forbidden, Invalid

LONGEST = {"name": 200, "address": 500, "vat_number": 20, "vat_words": 300, "pay_words": 500}
NO_NAME = _("Please say who sells: your name or that of the practice.")
TOO_LONG = _("This is too long. Please shorten it.")
NO_NUMBER = _("Who charges VAT has a VAT number: please write it here.")
NO_ADDRESS = _("Who charges VAT must say their address on documents.")


@dataclass(frozen=True)
class Says:
    """What is said, as `Seller` keeps it."""

    name: str
    address: str
    vat_number: str
    vat_kind: VatKind
    vat_words: str
    pay_words: str

    def checked(self) -> "Says":
        """Return it; raises `Invalid` with the field as its code."""
        if not self.name:
            raise Invalid(NO_NAME, code="name")
        for field, longest in LONGEST.items():
            if len(getattr(self, field)) > longest:
                raise Invalid(TOO_LONG, code=field)
        if self.vat_kind == VatKind.RATED and not self.vat_number:
            raise Invalid(NO_NUMBER, code="vat_number")
        if self.vat_kind == VatKind.RATED and not self.address:
            raise Invalid(NO_ADDRESS, code="address")
        return self


async def rated_services(tx: Tx, reader: Reader) -> list[tuple[Service, int | None]]:
    """Return the services of the practice with their rates; withdrawn ones are left out."""
    joined = select(Service, ServiceVat.rate).outerjoin(ServiceVat, ServiceVat.service_id == Service.id)
    ours = joined.where(Service.practice_id == reader.practice.id, Service.state != ServiceState.WITHDRAWN)
    return [(service, rate) for service, rate in await tx.execute(ours.order_by(Service.name, Service.id))]


async def say(tx: Tx, reader: Reader, says: Says, rates: dict[UUID, int | None], now: datetime) -> None:
    """Store it for documents that are issued from now on; raises `Forbidden`, and `Invalid` with the field as its code."""
    if not reader.keeps_books:
        raise Forbidden
    await tx.merge(Seller(practice_id=reader.practice.id, changed_at=now, **asdict(says.checked())))
    ours = {service.id for service, _rate in await rated_services(tx, reader)}
    await tx.execute(delete(ServiceVat).where(ServiceVat.service_id.in_(ours)))
    tx.add_all(ServiceVat(service_id=one, rate=rate) for one, rate in rates.items() if rate is not None and one in ours)
    deed = Deed(reader.practice.id, reader.viewer.person_id, Act.CHANGED, "practice", reader.practice.id, None, "what receipts say")
    await record(tx, deed, now)
