"""Who else handles data for this installation, told from its settings, and what is computed about people; pure."""

from dataclasses import dataclass

from server.core.marking import _
from server.settings import Settings

COMPUTED = (
    _("How good the picture and sound of a call were, from figures of loss and delay, for whoever gave it or runs the practice."),
    _("Whether an appointment seems to have been missed, from who was in the call and when. It is a proposal: a professional decides."),
)


@dataclass(frozen=True)
class Processor:
    """`region` is "" where the operator has not said it; `on` where it is set up. What is `sent` are kinds of data."""

    name: str
    job: str
    sent: str
    on: bool
    region: str = ""


def processors_of(settings: Settings) -> list[Processor]:
    """Return every processor that this software can be set up with; no secret and no account of the operator's stands in it."""
    region = settings.region_of
    return [
        Processor(
            "Twilio",
            _("Text messages"),
            _("Mobile number and the text of the message"),
            bool(settings.twilio_account_sid),
            region.get("twilio", ""),
        ),
        Processor(
            settings.smtp_host or _("A mail server"),
            _("E-mail"),
            _("E-mail address and the text of the message"),
            bool(settings.smtp_host),
            region.get("smtp", ""),
        ),
        Processor(
            "Stripe",
            _("Payments"),
            _("Amount, name of the service, e-mail address; card details go to Stripe alone"),
            settings.payments == "stripe",
            region.get("stripe", ""),
        ),
        Processor(
            ", ".join(_hosts(settings.turn_urls)) or _("A relay (TURN)"),
            _("Passes calls on where browsers cannot reach each other"),
            _("Encrypted picture and sound, and the browsers' addresses; it can read neither picture nor sound"),
            bool(settings.turn_urls),
            region.get("turn", ""),
        ),
    ]


def _hosts(urls: list[str]) -> list[str]:
    """Return the host of each `turn:host:port?transport=…`, once."""
    hosts = (url.partition(":")[2].partition("?")[0].rpartition(":")[0] or url.partition(":")[2].partition("?")[0] for url in urls)
    return list(dict.fromkeys(hosts))
