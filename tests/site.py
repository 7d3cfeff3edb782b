"""A running server as its own pages use it, for tests that hold a real browser or a real socket."""

from dataclasses import dataclass
from uuid import UUID

import httpx2

from tests.cast import ALICE, CLINIC, DANA, NORTH, Guest, Staff
from tests.servers import AppServer


@dataclass(frozen=True)
class Booked:
    """A consultation that was made over the interface, with the patient's personal link."""

    id: str
    link: str
    desk: str
    patient: str

    @property
    def visit(self) -> str:
        """The path of the link, without its origin."""
        return self.link.split("/", 3)[3]


class Site:
    """The server with the signed-in clients that a test needs; each member of the cast signs in once."""

    def __init__(self, server: AppServer) -> None:
        self.server = server
        self._clients: dict[str, httpx2.Client] = {}

    @property
    def url(self) -> str:
        return self.server.url

    def client(self, member: Staff) -> httpx2.Client:
        """Return a client that is signed in through the real page."""
        if member.username not in self._clients:
            client = httpx2.Client(base_url=self.url, headers={"origin": self.url}, trust_env=False, timeout=20)
            answer = client.post("/sign-in", data={"username": member.username, "password": member.password})
            assert answer.status_code == 303, answer.text
            self._clients[member.username] = client
        return self._clients[member.username]

    def cookie(self, member: Staff) -> str:
        """Return the login token of a member, for a browser that need not go through the sign-in page."""
        token: str = self.client(member).cookies["sid"]
        return token

    def consultation(self, owner: Staff = ALICE, guest: Guest = DANA, team_id: UUID | None = NORTH, **more: object) -> Booked:
        """Make a consultation now, as 'Consultation now' does."""
        plan = {"patient_name": guest.name, "team_id": str(team_id) if team_id else None, **more}
        if guest.patient_id and owner.practice_id == CLINIC:
            plan["patient_id"] = str(guest.patient_id)
        answer = self.client(owner).post("/api/consultations", json=plan)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return Booked(made["id"], made["link"], made["desk_url"], guest.name)

    def booked(self, link: str, patient: str) -> Booked:
        """Return what is known of a consultation whose link and patient alone are at hand."""
        return Booked(id="", link=link, desk="", patient=patient)

    def row(self, booked: Booked, member: Staff = ALICE) -> dict[str, object]:
        """Return the line of the Today list, as `member` sees it."""
        found: dict[str, object] = self.client(member).get(f"/api/consultations/{booked.id}").raise_for_status().json()
        return found

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
