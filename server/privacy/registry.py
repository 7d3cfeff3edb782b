"""Every holding of the house, lowest folder first."""

import server.access.holdings
import server.billing.holdings
import server.booking.holdings
import server.circulars.holdings
import server.consultation.holdings
import server.directory.holdings
import server.identity.holdings
import server.messaging.holdings
import server.notes.holdings
import server.patients.holdings
import server.privacy.holdings
from server.core.holdings import Holding

HOLDINGS: tuple[Holding, ...] = (
    *server.identity.holdings.HOLDINGS,
    *server.patients.holdings.HOLDINGS,
    *server.booking.holdings.HOLDINGS,
    *server.consultation.holdings.HOLDINGS,
    *server.notes.holdings.HOLDINGS,
    *server.messaging.holdings.HOLDINGS,
    *server.circulars.holdings.HOLDINGS,
    *server.billing.holdings.HOLDINGS,
    *server.access.holdings.HOLDINGS,
    *server.privacy.holdings.HOLDINGS,
    *server.directory.holdings.HOLDINGS,
)
EXCEPTIONS = {
    "policy_version": "what somebody who works here published for everybody",
    "retention_rules": "what somebody who works here decided for everybody",
    "expired_record": "that nothing is left of a record but what can be counted",
    "circular": "what somebody who works here wrote to many",
    "service": "what is offered to everybody",
    "service_vat": "what is offered to everybody",
    "questionnaire_version": "the questions, not the answers",
    "delay": "that a professional was late, with minutes and nothing else",
    "seeker": "somebody without a record, who is known by their own link and leaves by it",
    "slot_offer": "a time that was offered to such a somebody",
}
