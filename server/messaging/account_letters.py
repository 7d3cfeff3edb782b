"""Writes and sends letters about accounts. They are shown to nobody else, so they are no `Delivery`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import delete

from server.access.people import workplace_of
from server.consultation.events import Channel
from server.core.db import Tx
from server.core.house import House
from server.core.marking import _
from server.identity.letters import account_email, letter_token
from server.identity.mail_model import AGREE_DAYS, CLOSING_DAYS, GOOD_FOR, LINKED, UNUSED_DAYS, AccountLetter, Subject
from server.messaging.composing import Post, in_look
from server.ports import Carrier, Letter

NOT_YOU = _("If it was not you, please reset your password at once, and sign out everywhere on your account page.")
WORKPLACE = _("This is about the account with which you work at {practice}.")
WORDS: Mapping[Subject, tuple[str, tuple[str, ...]]] = {
    Subject.RESET: (
        _("Choose a new password"),
        (
            _("Somebody, probably you, asked for a new password for your account. The link is good for {minutes} minutes:"),
            _("If it was not you, you need to do nothing."),
        ),
    ),
    Subject.CONFIRM: (
        _("Is this your e-mail address?"),
        (
            _("Please confirm that letters about your account may go to this address. The link is good for {minutes} minutes:"),
            _("If you have no account here, you need to do nothing."),
        ),
    ),
    Subject.NEW_DEVICE: (_("New device"), (_("Your account was opened on a device that we have not seen before."), NOT_YOU)),
    Subject.PASSWORD_CHANGED: (_("Your password was changed"), (_("The password of your account was changed."), NOT_YOU)),
    Subject.EMAIL_CHANGED: (
        _("Your e-mail address was changed"),
        (_("Letters about your account now go to another address. If it was not you, please ask your practice."),),
    ),
    Subject.EMAIL_AGREE: (
        _("Shall another e-mail address count?"),
        (
            _("Letters about your account shall go to another address. Say yes or no here; without an answer it counts in {agrees} days:"),
            NOT_YOU,
        ),
    ),
    Subject.PASSKEY_ADDED: (
        _("A passkey was added"),
        (
            _("A passkey was added to your account: whoever has that device can sign in with it."),
            NOT_YOU,
            _("A new password leaves passkeys as they are: please remove this one on your account page, too."),
        ),
    ),
    Subject.PASSKEY_REMOVED: (_("A passkey was removed"), (_("A passkey of your account was removed, and signs in no more."), NOT_YOU)),
    Subject.SECOND_ON: (
        _("The second factor was switched on"),
        (_("From now on your account asks for a code beside the password."), NOT_YOU),
    ),
    Subject.SECOND_OFF: (
        _("The second factor was switched off"),
        (_("Your account asks for no code beside the password any more."), NOT_YOU),
    ),
    Subject.CODES_NEW: (
        _("New recovery codes"),
        (_("New recovery codes were made for your account. The earlier ones are good no more."), NOT_YOU),
    ),
    Subject.UNUSED: (
        _("Your account will be deleted"),
        (
            _("Your account has not been used for a long time. It will be deleted in {days} days. If you sign in before, it stays:"),
            _("If you do not need it any more, you need to do nothing. What your practice must keep of your treatment is kept by the law."),
        ),
    ),
    Subject.CLOSING: (
        _("Your account will be deleted"),
        (
            _("You asked for your account to be deleted, in {waits} days at the earliest. Until then you can sign in and keep it:"),
            NOT_YOU,
        ),
    ),
    Subject.CLOSED: (
        _("Your account is deleted"),
        (_("Your account was deleted, as you asked. Nobody can sign in with it any more."),),
    ),
    Subject.ANSWERED: (_("There is news for you"), (_("What you asked about your account was answered. Please sign in to read it:"),)),
}
PATHS = {Subject.RESET: "reset", Subject.CONFIRM: "account/email", Subject.EMAIL_AGREE: "account/email/old"}
LEADS_TO = {Subject.UNUSED: "sign-in", Subject.CLOSING: "my/data/account", Subject.ANSWERED: "my/data/account"}


def write_with(house: House, post: Post, carriers: Mapping[Channel, Carrier]) -> Callable[[UUID], Awaitable[None]]:
    """Return the handler of `account_letter` errands. What becomes of a letter is told to nobody: it would tell who has an account."""

    async def run(letter_id: UUID) -> None:
        async with house.database.read() as tx:
            row = await tx.get(AccountLetter, letter_id)
            address = await _address(tx, row) if row and row.alive(house.clock.now()) else None
            letter = await _letter(tx, post, row, address) if row and address else None
        if row is not None and letter is not None:
            await carriers[Channel.EMAIL].carry(letter, str(row.id))
            await _forget_notice(house, row)

    return run


async def _forget_notice(house: House, row: AccountLetter) -> None:
    """What only tells is done with once it was carried; a link's row is needed until it is followed."""
    if row.subject not in LINKED:
        async with house.database.write() as tx:
            await tx.execute(delete(AccountLetter).where(AccountLetter.id == row.id))


async def _address(tx: Tx, row: AccountLetter) -> str | None:
    return row.address or await account_email(tx, row.username)


async def _letter(tx: Tx, post: Post, row: AccountLetter, address: str) -> Letter:
    """Return the letter; to whoever works in a practice it comes with its name and its look.

    A patient's does not: others may see it, and learn from it who is treated where. Nor does what goes to an address that nobody has
    proved yet: it may be a stranger's.
    """
    practice = None if row.subject == Subject.CONFIRM else await workplace_of(tx, row.username)
    letter = letter_of(post, row, address)
    if practice is None:
        return letter
    named = post.languages.choose(row.language, "").text(WORKPLACE, practice=practice.name)
    return await in_look(tx, practice, replace(letter, sentences=[named, *letter.sentences]))


def letter_of(post: Post, row: AccountLetter, address: str) -> Letter:
    """Return the letter, which names neither a person nor a practice."""
    language = post.languages.choose(row.language, "")
    title, (first, *others) = WORDS[row.subject]
    sentences = [language.text(first, minutes=int(GOOD_FOR.total_seconds()) // 60, days=UNUSED_DAYS, waits=CLOSING_DAYS, agrees=AGREE_DAYS)]
    if row.subject in LINKED:
        sentences.append(f"{post.base_url}/{PATHS[row.subject]}/{letter_token(post.secrets, row.id)}")
    if row.subject in LEADS_TO:
        sentences.append(f"{post.base_url}/{LEADS_TO[row.subject]}")
    return Letter(address, language.text(title), [*sentences, *(language.text(one) for one in others)])
