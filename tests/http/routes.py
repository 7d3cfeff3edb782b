"""Every route of the application as the tests of rights see it, so that a new one cannot be forgotten."""

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from tests.cast import ALICE, DANA, Meeting

SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Endpoint:
    """A method and a path with its parameters still in braces."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def filled(self, meeting: Meeting) -> str:
        """Return the path for one meeting's ids."""
        values = {
            "{consultation_id:uuid}": meeting.consultation_id, "{visit_id:uuid}": meeting.visit_id, "{token}": meeting.token,
            "{session_id:uuid}": meeting.visit_id, "{file}": "nothing.js", "{note_id:uuid}": meeting.note_id or meeting.visit_id,
            "{patient_id:uuid}": DANA.patient_id, "{grant_id:uuid}": meeting.visit_id, "{access_id:uuid}": meeting.visit_id,
            "{guest_id:uuid}": meeting.visit_id, "{professional_id:uuid}": ALICE.professional_id,
            "{recording_id:uuid}": meeting.visit_id, "{track_id:uuid}": meeting.visit_id,
            "{owner_id:uuid}": ALICE.professional_id, "{service_id:uuid}": meeting.visit_id, "{appointment_id:uuid}": meeting.visit_id,
            "{template_id:uuid}": meeting.visit_id, "{snippet_id:uuid}": meeting.visit_id,
            "{day_id:uuid}": meeting.visit_id, "{closure_id:uuid}": meeting.visit_id,
            "{weekday:few}": 0, "{delay_id:uuid}": meeting.visit_id, "{kind}": "invitation", "{language}": "en-GB",
            "{delivery_id:uuid}": meeting.visit_id, "{seeker_id:uuid}": meeting.visit_id,
            "{questionnaire_id:uuid}": meeting.visit_id, "{question}": "height", "{place:few}": 1,
            "{letter_id:uuid}": meeting.visit_id, "{whose}": "mine", "{policy}": "privacy", "{number:few}": 1,
            "{charge_id:uuid}": meeting.visit_id, "{document_id:uuid}": meeting.visit_id,
            "{entry_id:uuid}": meeting.visit_id, "{file_id:uuid}": meeting.visit_id,
            "{passkey_id:uuid}": meeting.visit_id, "{thing}": "bus", "{testimonial_id:uuid}": meeting.visit_id,
            "{practice_id:uuid}": meeting.visit_id, "{mark}": "0" * 32,
            "{person_id:uuid}": ALICE.person_id, "{invitation_id:uuid}": meeting.visit_id,
            "{team_id:uuid}": meeting.visit_id, "{request_id:uuid}": meeting.visit_id,
            "{restriction_id:uuid}": meeting.visit_id, "{errand_id:uuid}": meeting.visit_id,
            "{hold_id:uuid}": meeting.visit_id,
            "{other_id:uuid}": meeting.visit_id, "{merge_id:uuid}": meeting.visit_id, "{wish_id:uuid}": meeting.visit_id,
            "{representation_id:uuid}": meeting.visit_id,
            "{circular_id:uuid}": meeting.visit_id, "{checkout_id:str}": "none",
        }  # fmt: skip
        path = self.path
        for name, value in values.items():
            path = path.replace(name, str(value))
        assert "{" not in path, f"{self.path}: say in tests/http/routes.py how to fill it"
        return path


def endpoints(app: Starlette) -> list[Endpoint]:
    """Return every HTTP endpoint, in an order in which one signed-in person can ask for all; HEAD is left to GET."""
    found: list[Endpoint] = []
    for route in app.routes:
        assert not isinstance(route, Mount), "a mounted application hides its routes from this list"
        if isinstance(route, Route):
            found += [Endpoint(method, route.path) for method in sorted(route.methods or ()) if method != "HEAD"]
    return sorted(found, key=lambda endpoint: (endpoint.method not in SAFE, "/sign-out" in endpoint.path, endpoint.path))
