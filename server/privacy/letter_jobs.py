"""Confirms a letter to whoever wrote it, and carries the practice's answers; by e-mail, from the outbox."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from server.access.model import Practice
from server.consultation.events import Channel
from server.core.db import Tx
from server.core.house import House
from server.messaging.composing import Post
from server.ports import Carried, Carrier
from server.ports import Letter as Mail
from server.privacy.letter_answers import ANSWER, settle_answer, words_of
from server.privacy.letter_rows import Letter, LetterAnswer
from server.privacy.letter_words import Fate, Kind
from server.privacy.letters import CONFIRM, opened

CAME_TO = {Carried.SENT: Fate.SENT, Carried.REFUSED: Fate.REFUSED, Carried.NOT_SENT: Fate.NO_MAIL}


@dataclass(frozen=True)
class LetterPost:
    """The handlers of both errands; without a mail server the practice has its answer, and nobody is written to."""

    house: House
    post: Post
    carriers: Mapping[Channel, Carrier]

    @property
    def handlers(self) -> dict[str, Callable[[UUID], Awaitable[None]]]:
        return {CONFIRM: self.confirm, ANSWER: self.answer}

    async def confirm(self, letter_id: UUID) -> None:
        async with self.house.database.read() as tx:
            letter = await tx.get(Letter, letter_id)
            mail = await self._mail(tx, letter, self._receipt(letter)) if letter else None
        if mail:
            await self.carriers[Channel.EMAIL].carry(mail, f"{CONFIRM}-{letter_id}")

    async def answer(self, answer_id: UUID) -> None:
        """Read, carry outside any transaction, and take down what became of it."""
        async with self.house.database.read() as tx:
            row = await tx.get(LetterAnswer, answer_id)
            letter = await tx.get_one(Letter, row.letter_id) if row else None
            words = words_of(self.house.keyring, letter, row) if row and letter else None
            mail = await self._mail(tx, letter, lambda _practice: words.splitlines()) if letter and words else None
        if mail:
            fate = CAME_TO[await self.carriers[Channel.EMAIL].carry(mail, f"{ANSWER}-{answer_id}")]
            await self._settle(answer_id, fate)

    async def give_up(self, answer_id: UUID) -> None:
        await self._settle(answer_id, Fate.UNREACHABLE)

    async def _settle(self, answer_id: UUID, fate: Fate) -> None:
        async with self.house.database.write() as tx:
            await settle_answer(tx, answer_id, fate, self.house.clock.now())

    async def _mail(self, tx: Tx, letter: Letter, compose: Callable[[Practice], list[str]]) -> Mail | None:
        """Return the mail to whoever wrote, or None where no address can be read."""
        written = opened(self.house.keyring, letter).written
        if written is None or not written.reply_to:
            return None
        practice = await tx.get_one(Practice, letter.practice_id)
        text = self.post.languages.choose(practice.language, "").text
        title = text("{practice}: {reference}", practice=practice.name, reference=letter.reference)
        return Mail(written.reply_to, title, [line for line in compose(practice) if line.strip()])

    def _receipt(self, letter: Letter) -> Callable[[Practice], list[str]]:
        """What was written is not repeated: the address may be wrong."""

        def compose(practice: Practice) -> list[str]:
            text = self.post.languages.choose(practice.language, "").text
            values = {"practice": practice.name, "reference": letter.reference}
            sentences = [text("{practice} has received what you wrote. Its reference is {reference}.", **values)]
            if letter.kind == Kind.COMPLAINT:
                sentences.append(
                    text("This confirms the receipt of your complaint. It is looked into, and you will be told what came of it.")
                )
            return sentences

        return compose
