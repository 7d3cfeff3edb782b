"""What identity holds about somebody: the account and where it is signed in."""

from server.core.holdings import BLANK_NAME, Class, Fate, Holding, Link, Part, Root
from server.core.marking import _
from server.identity.details_model import AccountDetails
from server.identity.mail_model import AccountEmail, EmailChange, KnownDevice
from server.identity.model import Credential, LoginSession, Person
from server.identity.passkey_model import Passkey, PasskeyChallenge
from server.identity.phone_model import PhoneProof
from server.identity.second_model import HalfLogin, RecoveryCode, SecondFactor

ACCOUNT = Part(Person, (Link("id", Root.PERSON),), Fate.PSEUDONYMISE, {"name": BLANK_NAME, "mobile": None, "email": None})
CREDENTIALS = Part(Credential, (Link("person_id", Root.PERSON),), hidden=frozenset({"password_hash"}))
LOGINS = Part(LoginSession, (Link("person_id", Root.PERSON),))
DETAILS = Part(AccountDetails, (Link("person_id", Root.PERSON),))
EMAILS = Part(AccountEmail, (Link("person_id", Root.PERSON),))
EMAIL_CHANGES = Part(EmailChange, (Link("person_id", Root.PERSON),))
DEVICES = Part(KnownDevice, (Link("person_id", Root.PERSON),))
PASSKEYS = Part(Passkey, (Link("person_id", Root.PERSON),))
CHALLENGES = Part(PasskeyChallenge, (Link("person_id", Root.PERSON),))
SECOND_FACTORS = Part(SecondFactor, (Link("person_id", Root.PERSON),), hidden=frozenset({"key_id", "last_step"}))
RECOVERY_CODES = Part(RecoveryCode, (Link("person_id", Root.PERSON),))
PHONE_PROOFS = Part(PhoneProof, (Link("person_id", Root.PERSON),))
HALF_LOGINS = Part(HalfLogin, (Link("person_id", Root.PERSON),))

HOLDINGS = (
    Holding(
        "identity.account",
        _("Your account: name, username, how you can be reached, how you sign in, and where you are signed in"),
        Class.ACCOUNT,
        _("Without it you could not sign in."),
        (
            ACCOUNT,
            DETAILS,
            EMAILS,
            EMAIL_CHANGES,
            CREDENTIALS,
            PASSKEYS,
            CHALLENGES,
            SECOND_FACTORS,
            RECOVERY_CODES,
            DEVICES,
            LOGINS,
            HALF_LOGINS,
            PHONE_PROOFS,
        ),
    ),
)
