"""What may become a username and a password: rules whose codes the page says beside the field."""

from zxcvbn import zxcvbn
from zxcvbn.matching import L33T_TABLE

from server.identity.actions import normalise
from server.identity.passwords import LONGEST_PASSWORD

SHORTEST_USERNAME, LONGEST_USERNAME = 3, 100
SHORTEST_PASSWORD = 10
LONGEST_GUESSED = 72  # letters; of a longer one the beginning is looked at, as the work grows with the square
FEWEST_POINTS = 3  # of four
SHORT = 12  # letters, in which all signs are looked at
MOST_SIGNS = 4  # in a longer one that may stand for letters, as in "p4$$w0rd": zxcvbn tries every way to read them, seconds for twenty
SIGNS = frozenset(sign for signs in L33T_TABLE.values() for sign in signs)
FIRST_PRIVATE = 0xE000  # letters of Unicode that mean nothing
FEWEST_LETTERS = 5  # different ones in a password: "aaaaaaaaaa" is long, and the first that is tried


def faults_of(username: str, password: str, name: str = "") -> dict[str, str]:
    """Return a code for each field that cannot stay as it is; nothing for a pair that may be stored."""
    found = {"username": _username_fault(normalise(username)), "password": password_fault(password, username, name)}
    return {field: code for field, code in found.items() if code}


def _username_fault(name: str) -> str:
    """Look at the name as it is stored: it may be longer then, and signs that nobody sees could hide in it."""
    if not SHORTEST_USERNAME <= len(name) <= LONGEST_USERNAME:
        return "username_length"
    return "" if name.isprintable() and not any(letter.isspace() for letter in name) else "username_letters"


def password_fault(password: str, username: str, name: str = "") -> str:
    """Return why this cannot be the password of somebody who goes by these names, or nothing."""
    if len(password) < SHORTEST_PASSWORD:
        return "password_short"
    if len(password) > LONGEST_PASSWORD:
        return "password_long"
    easy = normalise(password) == normalise(username) or len(set(password)) < FEWEST_LETTERS
    return "password_easy" if easy or _guessed(password, username, name) else ""


def _guessed(password: str, *known: str) -> bool:
    """Whether patterns, lists of leaked passwords and what is known of the person lead to it in fewer than 10^8 guesses."""
    inputs = [*known, "consilium"]
    return any(zxcvbn(one, user_inputs=inputs)["score"] < FEWEST_POINTS for one in _readings(password[:LONGEST_GUESSED]))


def _readings(password: str) -> list[str]:
    """Return what to look at: a long password with many signs once with a few of them, and once with its digits, as in a sequence."""
    signs = list(dict.fromkeys(letter for letter in password if letter in SIGNS))
    if len(signs) <= MOST_SIGNS or len(password) <= SHORT:
        return [password]
    return [_without(password, signs[MOST_SIGNS:]), _without(password, [sign for sign in signs if not sign.isdigit()])]


def _without(password: str, signs: list[str]) -> str:
    """Put a stand-in of its own for each of these signs, so that nothing else changes."""
    return password.translate({ord(sign): FIRST_PRIVATE + ord(sign) for sign in signs})
