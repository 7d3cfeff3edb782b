"""Every address that the server answers, from the folders that own them."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route

import server.access.pages
import server.administration.pages
import server.billing.document_pages
import server.billing.invoice_pages
import server.billing.money_pages
import server.billing.pay_pages
import server.billing.seller_pages
import server.booking.book_pages
import server.booking.feed_pages
import server.booking.held_pages
import server.booking.offer_pages
import server.booking.service_pages
import server.booking.waiting_pages
import server.booking.waiting_staff_pages
import server.circulars.choice_pages
import server.circulars.newsletter_pages
import server.consultation.book_for_pages
import server.consultation.call_files
import server.consultation.call_pages
import server.consultation.change_pages
import server.consultation.engine_pages
import server.consultation.feedback_pages
import server.consultation.guests_http
import server.consultation.http
import server.consultation.known_http
import server.consultation.live_http
import server.consultation.moderation_pages
import server.consultation.my_testimonials
import server.consultation.my_visits
import server.consultation.pages
import server.consultation.recording_list
import server.consultation.settle_pages
import server.consultation.ticket_http
import server.consultation.today_ws
import server.consultation.visit
import server.consultation.week_pages
import server.consultation.ws
import server.directory.pages
import server.directory.photo_pages
import server.directory.profile_pages
import server.identity.email_pages
import server.identity.http
import server.identity.lately
import server.identity.passkey_pages
import server.identity.password_pages
import server.identity.phone_pages
import server.identity.register_pages
import server.identity.second_pages
import server.messaging.http
import server.messaging.late_http
import server.messaging.practice_pages
import server.notes.acting_pages
import server.notes.background_pages
import server.notes.earlier_http
import server.notes.emergency_pages
import server.notes.export_http
import server.notes.file_pages
import server.notes.http
import server.notes.my_background_pages
import server.notes.my_file_pages
import server.notes.my_pages
import server.notes.note_pages
import server.notes.patient_answers_http
import server.notes.patient_answers_pages
import server.notes.permission_pages
import server.notes.record_pages
import server.notes.recording_pages
import server.notes.sign_http
import server.notes.texts_http
import server.notes.texts_pages
import server.notes.timeline_pages
import server.notes.ws
import server.oversight.pages
import server.patients.acting_pages
import server.patients.build_pages
import server.patients.child_pages
import server.patients.claim_pages
import server.privacy.account_pages
import server.privacy.account_queue_pages
import server.privacy.clinical_pages
import server.privacy.consent_pages
import server.privacy.data_for_pages
import server.privacy.data_pages
import server.privacy.edit_pages
import server.privacy.erasure_pages
import server.privacy.handover_pages
import server.privacy.hold_pages
import server.privacy.letter_pages
import server.privacy.letter_queue_pages
import server.privacy.merge_pages
import server.privacy.my_request_pages
import server.privacy.outside_pages
import server.privacy.public_pages
import server.privacy.request_queue_pages
import server.privacy.restriction_pages
import server.privacy.retention_pages
import server.privacy.terms_pages
import server.web.assets
import server.web.health
import server.web.numbers
from server.access.obliged import must_have_second
from server.billing.pay_pages import start, way_now
from server.booking.paying import Cashier
from server.consultation.visit_appointment import arrive
from server.core.press import Press
from server.identity.entering import Rules
from server.identity.passwords import Passwords
from server.identity.sensitive import guarded
from server.notes.records import see_bookable
from server.privacy.announcing import announced_to
from server.privacy.erasures import erased_on
from server.privacy.terms_pages import ask_terms


def every_route(of_providers: Sequence[Route], press: Press) -> list[BaseRoute]:
    """Return all routes; `of_providers` are those that only the providers that are set up have."""
    server.web.numbers.register()
    passwords = Passwords()
    every = [
        *server.web.health.routes(),
        *server.web.assets.routes(),
        *_sign_in_routes(passwords),
        *server.access.pages.routes(),
        *server.administration.pages.routes(passwords, press),
        *server.oversight.pages.routes(),
        *server.directory.pages.routes(),
        *server.directory.profile_pages.routes(),
        *server.directory.photo_pages.routes(press),
        *server.booking.book_pages.routes(way_now),
        *server.booking.held_pages.routes(arrive, Cashier(way_now, start)),
        *server.billing.pay_pages.routes(arrive, press),
        *server.billing.money_pages.routes(),
        *server.billing.invoice_pages.routes(),
        *server.billing.seller_pages.routes(),
        *server.billing.document_pages.routes(press),
        *server.booking.offer_pages.routes(),
        *server.booking.service_pages.routes(),
        *server.patients.build_pages.routes(),
        *server.booking.feed_pages.routes(),
        *server.booking.waiting_pages.routes(),
        *server.booking.waiting_staff_pages.routes(),
        *server.consultation.visit.routes(passwords, press),
        *_consultation_routes(),
        *of_providers,
        *server.messaging.http.routes(),
        *server.messaging.late_http.routes(),
        *server.messaging.practice_pages.routes(),
        *server.notes.http.routes(),
        *server.notes.texts_http.routes(),
        *server.notes.texts_pages.routes(),
        *server.notes.earlier_http.routes(),
        *server.notes.patient_answers_http.routes(),
        *server.notes.sign_http.routes(passwords),
        *server.notes.export_http.routes(press),
        *server.notes.ws.routes(),
        *server.patients.claim_pages.routes(),
        *_record_routes(press),
        *server.privacy.account_pages.routes(),
        *server.privacy.account_queue_pages.routes(),
        *server.privacy.data_pages.routes(),
        *server.privacy.data_for_pages.routes(),
        *server.privacy.merge_pages.routes(),
        *server.notes.note_pages.routes(),
        *server.consultation.recording_list.routes(),
        *server.notes.recording_pages.routes(),
        *server.notes.emergency_pages.routes(),
        *server.privacy.handover_pages.routes(),
        *server.circulars.choice_pages.routes(),
        *server.circulars.newsletter_pages.routes(),
        *_privacy_routes(),
    ]
    return guarded(every, passwords)


def _consultation_routes() -> list[BaseRoute]:
    """Return the pages and sockets of those who give consultations."""
    return [
        *server.consultation.pages.routes(),
        *server.consultation.week_pages.routes(),
        *server.consultation.change_pages.routes(),
        *server.consultation.settle_pages.routes(),
        *server.consultation.book_for_pages.routes(see_bookable),
        *server.consultation.call_pages.routes(),
        *server.consultation.engine_pages.routes(),
        *server.consultation.feedback_pages.routes(),
        *server.consultation.moderation_pages.routes(),
        *server.consultation.http.routes(see_bookable),
        *server.consultation.guests_http.routes(),
        *server.consultation.known_http.routes(),
        *server.consultation.live_http.routes(),
        *server.consultation.my_visits.routes(),
        *server.consultation.my_testimonials.routes(),
        *server.consultation.ticket_http.routes(),
        *server.consultation.ws.routes(),
        *server.consultation.today_ws.routes(),
    ]


def _record_routes(press: Press) -> list[Route]:
    """Return the pages of a patient's record, for those who work here and for the patient."""
    return [
        *server.patients.acting_pages.routes(),
        *server.patients.child_pages.routes(),
        *server.notes.my_pages.routes(announced_to),
        *server.notes.acting_pages.routes(),
        *server.notes.record_pages.routes(erased_on),
        *server.notes.permission_pages.routes(),
        *server.notes.background_pages.routes(),
        *server.notes.timeline_pages.routes(),
        *server.notes.my_background_pages.routes(),
        *server.consultation.call_files.routes(press),
        *server.notes.file_pages.routes(press),
        *server.notes.my_file_pages.routes(press),
        *server.notes.patient_answers_pages.routes(),
    ]


def _sign_in_routes(passwords: Passwords) -> list[Route]:
    """Return the ways in, and the pages on which somebody decides about theirs."""
    rules = Rules(must_have_second, ask_terms)
    return [
        *server.identity.http.routes(passwords, rules),
        *server.identity.lately.routes(passwords),
        *server.identity.second_pages.routes(rules),
        *server.identity.passkey_pages.routes(rules.first),
        *server.identity.password_pages.routes(passwords),
        *server.identity.email_pages.routes(passwords),
        *server.identity.register_pages.routes(passwords),
        *server.identity.phone_pages.routes(),
    ]


def _privacy_routes() -> list[Route]:
    return [
        *server.privacy.public_pages.routes(),
        *server.privacy.edit_pages.routes(),
        *server.privacy.hold_pages.routes(),
        *server.privacy.letter_pages.routes(),
        *server.privacy.letter_queue_pages.routes(),
        *server.privacy.my_request_pages.routes(),
        *server.privacy.request_queue_pages.routes(),
        *server.privacy.retention_pages.routes(),
        *server.privacy.erasure_pages.routes(),
        *server.privacy.clinical_pages.routes(),
        *server.privacy.outside_pages.routes(),
        *server.privacy.restriction_pages.routes(),
        *server.privacy.terms_pages.routes(),
        *server.privacy.consent_pages.routes(),
    ]
