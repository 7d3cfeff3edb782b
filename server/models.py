"""Every table in one import, for migrations and tests."""

import server.access.brand
import server.access.model
import server.access.representation
import server.access.restrictions
import server.billing.model
import server.billing.papers
import server.booking.feeds
import server.booking.model
import server.booking.seekers
import server.circulars.model
import server.consultation.model
import server.consultation.recorded
import server.consultation.records
import server.consultation.settled
import server.core.audit
import server.core.outbox
import server.directory.model
import server.identity.details_model
import server.identity.mail_model
import server.identity.model
import server.identity.passkey_model
import server.identity.phone_model
import server.identity.second_model
import server.messaging.model
import server.notes.model
import server.patients.background
import server.patients.files
import server.patients.legal_holds
import server.patients.merge_rows
import server.patients.model
import server.patients.questionnaire
import server.privacy.account_rows
import server.privacy.copy_rows
import server.privacy.erasure_rows
import server.privacy.letter_rows
import server.privacy.outside_rows
import server.privacy.policy_rows
import server.privacy.request_rows
import server.privacy.retention_rows
from server.core.db import Base

__all__ = ["Base", "server"]
