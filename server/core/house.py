"""What every part of the running server may ask for, frozen at the start."""

from dataclasses import dataclass

from server.core.crypto import Secrets
from server.core.db import Database
from server.core.keyring import KeyRing
from server.core.supervise import Supervisor
from server.ports import Bus, Clock, Limiter, MediaEngines, Payments, Scanner, Tickets
from server.settings import Settings


@dataclass(frozen=True)
class House:
    settings: Settings
    clock: Clock
    database: Database
    bus: Bus
    supervisor: Supervisor
    secrets: Secrets
    keyring: KeyRing
    tickets: Tickets
    limiter: Limiter
    engines: MediaEngines
    payments: Payments | None = None
    scanner: Scanner | None = None
