"""What identity holds about somebody: the account and where it is signed in."""

from server.core.holdings import BLANK_NAME, Class, Fate, Holding, Link, Part, Root
from server.core.marking import _
from server.identity.model import Credential, LoginSession, Person

ACCOUNT = Part(Person, (Link("id", Root.PERSON),), Fate.PSEUDONYMISE, {"name": BLANK_NAME, "mobile": None, "email": None})
CREDENTIALS = Part(Credential, (Link("person_id", Root.PERSON),), hidden=frozenset({"password_hash"}))
LOGINS = Part(LoginSession, (Link("person_id", Root.PERSON),))

HOLDINGS = (
    Holding(
        "identity.account",
        _("Your account: name, username and where you are signed in"),
        Class.ACCOUNT,
        _("Without it you could not sign in."),
        (ACCOUNT, CREDENTIALS, LOGINS),
    ),
)
