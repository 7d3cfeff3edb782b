"""How the pages of a practice look to patients: its colours and its logo.

A look is a row that never changes, so that addresses of it may be kept for ever, and what was printed with it can be printed again.
"""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.access.colours import Colours, Mode, nearest, weakness
from server.access.model import Practice
from server.access.people import in_charge_of
from server.access.policy import Viewer
from server.core.audit import Act, Deed, record
from server.core.db import Base, Tx
from server.errors import Conflict, Invalid, NotFound
from server.ports import Look

LONGEST_WORDS = 120
USUAL = Colours("#005f73", "#7fd3e0")  # of tokens.css


class Brand(Base):
    """A look that a practice has or had. `mark` is its hash; a colour that is None is the usual one, `logo` a PNG with `words` for it."""

    __tablename__ = "brand"

    mark: Mapped[str] = mapped_column(String(32), primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    light: Mapped[str | None] = mapped_column(String(7))
    dark: Mapped[str | None] = mapped_column(String(7))
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    words: Mapped[str] = mapped_column(String(LONGEST_WORDS))
    made_at: Mapped[datetime]

    @property
    def colours(self) -> Colours:
        return Colours(self.light or USUAL.light, self.dark or USUAL.dark)


def colours_of(light: str, dark: str) -> Colours:
    """Return both colours; for dark pages, where none is given, the nearest to the other that can be read there."""
    return Colours(light, dark or nearest(light, Mode.DARK))


async def brand_of(tx: Tx, practice: Practice) -> Brand | None:
    return await tx.get(Brand, practice.brand) if practice.brand else None


async def look_of(tx: Tx, mark: str | None) -> Look | None:
    """Return the look of a mark for letters and papers; None for none."""
    brand = await tx.get(Brand, mark) if mark else None
    return None if brand is None else Look(brand.colours.light, brand.logo, brand.words)


async def see_brand(tx: Tx, practice_id: UUID, mark: str) -> Brand:
    """Return a look by its address, for everybody; raises `NotFound`."""
    found = await tx.get(Brand, mark)
    if found is None or found.practice_id != practice_id:
        raise NotFound
    return found


async def decide_colours(tx: Tx, viewer: Viewer, seen: str, colours: Colours | None, now: datetime) -> None:
    """Take these colours, or with None the usual ones. Raises as `_change` does, and `Invalid` for what cannot be read."""
    if colours and (weakness(colours.light, Mode.LIGHT) or weakness(colours.dark, Mode.DARK)):
        raise Invalid(code="contrast")
    practice, before = await _change(tx, viewer, seen)
    light, dark = colours or (None, None)
    await _keep(tx, practice, (light, dark, before.logo if before else None, before.words if before else ""), now)
    await _note(tx, viewer, practice, "changes its colours" if colours else "takes the usual colours", now)


async def decide_logo(tx: Tx, viewer: Viewer, seen: str, logo: bytes | None, words: str, now: datetime) -> None:  # noqa: PLR0913, PLR0917
    """Show this PNG, which `words` say to whoever does not see it; or with None none. Raises as `_change` does."""
    practice, before = await _change(tx, viewer, seen)
    await _keep(tx, practice, (before.light if before else None, before.dark if before else None, logo, words if logo else ""), now)
    await _note(tx, viewer, practice, "changes its logo" if logo else "removes its logo", now)


async def _change(tx: Tx, viewer: Viewer, seen: str) -> tuple[Practice, Brand | None]:
    """Lock the practice; raises `Forbidden`, and `Conflict` where somebody has changed what was `seen`."""
    practice = await tx.get_one(Practice, await in_charge_of(tx, viewer), with_for_update=True)
    if (practice.brand or "") != seen:
        raise Conflict(code="stale")
    return practice, await brand_of(tx, practice)


async def _keep(tx: Tx, practice: Practice, look: tuple[str | None, str | None, bytes | None, str], now: datetime) -> None:
    light, dark, logo, words = look
    if light is None and logo is None:
        practice.brand = practice.logo_words = None
        return
    mark = _mark(practice.id, look)
    if await tx.get(Brand, mark) is None:
        tx.add(Brand(mark=mark, practice_id=practice.id, light=light, dark=dark, logo=logo, words=words, made_at=now))
    practice.brand, practice.logo_words = mark, words if logo else None


def _mark(practice_id: UUID, look: tuple[str | None, str | None, bytes | None, str]) -> str:
    light, dark, logo, words = look
    parts = (practice_id.bytes, (light or "").encode(), (dark or "").encode(), hashlib.sha256(logo or b"").digest(), words.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


async def _note(tx: Tx, viewer: Viewer, practice: Practice, said: str, now: datetime) -> None:
    await record(tx, Deed(practice.id, viewer.person_id, Act.CHANGED, "practice", practice.id, None, said), now)
