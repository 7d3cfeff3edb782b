"""Confirms a letter to whoever wrote it, and carries the practice's answer; by e-mail, from the outbox."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from server.access.model import Practice
from server.consultation.events import Channel
from server.core.house import House
from server.messaging.composing import Post
from server.ports import Carrier
from server.ports import Letter as Mail
from server.privacy.letter_rows import Letter
from server.privacy.letter_words import Kind
from server.privacy.letters import ANSWER, CONFIRM, Opened, opened

Handler = Callable[[UUID], Awaitable[None]]


def letter_handlers(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> dict[str, Handler]:
    """Return the handlers of both errands; without a mail server the practice has its answer, and nobody is written to."""

    def carry_with(compose: Callable[[Post, Practice, Opened], Mail], kind: str) -> Handler:
        async def run(letter_id: UUID) -> None:
            async with house.database.read() as tx:
                letter = await tx.get(Letter, letter_id)
                if letter is None:
                    return
                practice = await tx.get_one(Practice, letter.practice_id)
            found = opened(house.keyring, letter)
            if found.written is not None:
                await carriers[Channel.EMAIL].carry(compose(post, practice, found), f"{kind}-{letter_id}")

        return run

    return {CONFIRM: carry_with(_confirmation, CONFIRM), ANSWER: carry_with(_answer, ANSWER)}


def _confirmation(post: Post, practice: Practice, found: Opened) -> Mail:
    """What was written is not repeated: the address may be wrong."""
    text = post.languages.choose(practice.language, "").text
    values = {"practice": practice.name, "reference": found.letter.reference}
    sentences = [text("{practice} has received what you wrote. Its reference is {reference}.", **values)]
    if found.letter.kind == Kind.COMPLAINT:
        sentences.append(text("This confirms the receipt of your complaint. It is looked into, and you will be told what came of it."))
    return Mail(_to(found), text("{practice}: {reference}", **values), sentences)


def _answer(post: Post, practice: Practice, found: Opened) -> Mail:
    text = post.languages.choose(practice.language, "").text
    values = {"practice": practice.name, "reference": found.letter.reference}
    return Mail(_to(found), text("{practice}: {reference}", **values), [line for line in found.answer.splitlines() if line.strip()])


def _to(found: Opened) -> str:
    return found.written.reply_to if found.written else ""
