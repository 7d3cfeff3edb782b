"""The carrier of a server without a provider: the message stays on the outbox page, and its status says so."""

from server.ports import Carried, Letter


class OutboxPage:
    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        del letter, dedupe_key
        return Carried.NOT_SENT

    async def close(self) -> None:
        """There is nothing that stays open."""
