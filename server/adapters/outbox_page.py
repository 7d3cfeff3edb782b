"""The carrier of a server without a provider: the message stays on the outbox page, and its status says so."""

from server.ports import Letter


class OutboxPage:
    async def carry(self, letter: Letter, dedupe_key: str) -> str:
        del letter, dedupe_key
        return "not_sent"
