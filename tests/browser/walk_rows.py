"""Every page that the server answers, by who looks at it in the walk: `tests/browser/walk_seats.py` seats what they come to.

A name after `=` in a parameter says for which thing of that kind: `{visit_id=booked_visit}`.
"""

import json
import re

from tests.openapi.whole import PLACE

CHOSEN = re.compile(r"=\w+(?=\})")
PARAMETER = re.compile(r"\{(?:\w+=)?(\w+)\}")
HTML = "text/html"

ANYBODY = """
/sign-in /register /reset /reset/{token=reset} /account/email/{token=confirm} /account/email/old/{token=agree} /place/{token=place}
/news/{token=news} /news/{token=news}/stop /directory /directory/{professional_id} /book/{owner_id} /book/{owner_id}/{service_id}
/book/{owner_id}/{service_id}/wait /book/{owner_id}/{service_id}/zone /book/{owner_id=closed}
/book/{owner_id=closed}/{service_id=closed_service} /book/{owner_id=closed}/{service_id=closed_service}/wait
/directory/{professional_id=closed}
/complaint/{owner_id=practice} /contact/{owner_id=practice} /privacy /privacy/cookies /privacy/processors /privacy/request
/privacy/request/{owner_id=practice} /privacy/answer/{token=answer} /privacy/of/{owner_id=practice}
/privacy/of/{owner_id=practice}/{policy} /privacy/of/{owner_id=practice}/{policy}/{number} /privacy/platform/{policy}
/sandbox/pay/{checkout_id}
"""
GUEST = """
/v/{visit_id} /v/{visit_id}/who /v/{visit_id}/consent /v/{visit_id}/camera /v/{visit_id}/microphone
/v/{visit_id}/speaker /v/{visit_id}/network /v/{visit_id}/room /v/{visit_id}/files /v/{visit_id}/news /v/{visit_id}/account
"""
ERIN = """
/v/{visit_id=booked_visit}/appointment /v/{visit_id=booked_visit}/cancel /v/{visit_id=booked_visit}/move
/v/{visit_id=booked_visit}/questions /v/{visit_id=booked_visit}/questions/check /v/{visit_id=booked_visit}/questions/{place=one}
"""
ALICE = """
/today /week /day /desk/{consultation_id} /outbox /patients /patients/{patient_id} /patients/{patient_id}/acting
/patients/{patient_id=answered_patient}/answers/{appointment_id=answered_appointment} /patients/{patient_id}/background
/patients/{patient_id}/files /patients/{patient_id}/timeline /patients/{patient_id}/double/{other_id} /patients/doubles /emergency
/appointments/new /appointments/new/for/{patient_id} /appointments/new/{service_id} /appointments/new/{service_id}/for/{patient_id}
/consultations/{consultation_id=booked}/appointment /calls /calls/{consultation_id} /recordings/{recording_id} /notes/{note_id}
/notes/{note_id}/history /offer /offer/hours/{weekday} /offer/services/new /offer/services/{service_id}
/offer/services/{service_id}/preview /money /money/charges/{charge_id} /money/charges/{charge_id}/refund /money/fees /money/invoices
/account /account/calendar /account/email /account/leaving /account/passkeys /account/password /account/permissions /account/profile
/account/profile/photo /account/prove /account/registration /account/second-factor /snippets/new /snippets/{snippet_id} /templates
/templates/new /templates/{template_id} /questionnaires /questionnaires/{questionnaire_id} /questionnaires/{questionnaire_id}/preview
/questionnaires/{questionnaire_id}/questions/new?kind=several /questionnaires/{questionnaire_id}/questions/{question} /teams
/teams/{team_id} /waiting-list /erasures /erasures/{request_id=erasing} /feedback
"""
OLGA = """
/practice /practice/audit /practice/brand /practice/health /practice/holds /practice/letters /practice/letters/{letter_id}
/practice/messages /practice/messages/{kind=invitation}/{language} /practice/newsletters /practice/newsletters/new
/practice/newsletters/{circular_id} /practice/parents /practice/parents/{representation_id} /practice/people /practice/people/{person_id}
/practice/people/{person_id}/leaving /practice/queues /practice/requests /practice/requests/{request_id}
/practice/requests/{request_id=erasing}/erasure /practice/requests/{request_id=restricting}/restriction /practice/restrictions
/practice/restrictions/{restriction_id} /practice/retention /practice/services /practice/services/new /practice/settings
/practice/statistics /practice/teams /practice/testimonials /practice/undelivered /engines /recordings /money/seller /policies
/policies/{whose}/{policy}
"""
DANA = """
/my /my/acting /my/acting/child /my/acting/new /my/consents /my/data /my/data/account /my/data/account/closing /my/details /my/find
/my/phone /my/{patient_id}/background /my/{patient_id}/consents /my/{patient_id}/documents /my/{patient_id}/erasure
/my/{patient_id}/files /my/{patient_id}/looks /my/{patient_id}/requests /my/{patient_id}/testimonials /terms?next=/my
"""
ROWS: dict[str, list[str]] = {  # first those whose page is there for minutes
    "holder": ["/book/held/{appointment_id}", "/book/held/{appointment_id}/check"],
    "payer": ["/book/held/{appointment_id=unpaid}/pay", "/book/held/{appointment_id=unpaid}/paid"],
    "asker": ["/privacy/request/code/{token=code}"],
    "half": ["/sign-in/second"],
    "anybody": ANYBODY.split(),
    "nobody": ["/j/{token=unknown}"],
    "guest": GUEST.split(),
    "refuser": ["/v/{visit_id=declined_visit}/declined"],
    "erin": ERIN.split(),
    "after": ["/v/{visit_id=ended_visit}/after", "/v/{visit_id=ended_visit}/testimonial"],
    "closed": ["/v/{visit_id=closed_visit}/move"],
    "seeker": ["/waiting/{seeker_id}"],
    "alice": ALICE.split(),
    "charlie": ["/offer", "/today"],
    "olga": OLGA.split(),
    "dana": DANA.split(),
    "dora": ["/acting/{token=acting}", "/my/{patient_id}", "/my/{patient_id}/data"],
    "sole olga": ["/practice/requests/accounts", "/practice/requests/accounts/{request_id=account_request}"],
    "empty": ["/"],
}
ELSE_THAN_OK = {"/j/{token=unknown}": 404}  # a link that opens leads on at once


def route_of(row: str) -> str:
    """Return the address as the document of the interface writes it."""
    return CHOSEN.sub("", row.partition("?")[0])


def filled(row: str, values: dict[str, str]) -> str:
    return PARAMETER.sub(lambda found: values[found[1]], row)


def pages() -> set[str]:
    """Return the address of every page, out of the document that a test holds to the routes."""
    paths = json.loads(PLACE.read_text())["paths"].items()
    return {path for path, methods in paths if HTML in methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})}
