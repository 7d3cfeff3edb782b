"""Makes documents in a thread, one at a time, so that an export costs the calls on this server as little as it can."""

from collections.abc import Callable
from uuid import UUID

import anyio
import anyio.to_thread

from server.errors import Overloaded
from server.notes.export.dossier import Dossier
from server.notes.export.fhir import make_fhir
from server.notes.export.pdf import make_pdf
from server.web.i18n import Language

MAX_AT_ONCE = 1  # a record of 200 pages takes 300 MB and two seconds of one core
MAX_WAITING = 20  # whoever comes then is told to try again


class Press:
    """One per process. Both forms raise `Overloaded` when too many wait already, and `TooBig` for a record that is too long."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(MAX_AT_ONCE)

    async def pdf(self, dossier: Dossier, language: Language, *, whole: bool) -> bytes:
        return await self._make(lambda: make_pdf(dossier, language, whole=whole))

    async def fhir(self, dossier: Dossier, language: Language, bundle_id: UUID, *, whole: bool) -> bytes:
        return await self._make(lambda: make_fhir(dossier, language, bundle_id, whole=whole))

    async def _make(self, work: Callable[[], bytes]) -> bytes:
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise Overloaded
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)
