"""Somebody who signs, as the tests drive them."""

from typing import Any

import httpx2

from tests.cast import Staff

Json = dict[str, Any]


class Hand:
    """A professional at the API of one note."""

    def __init__(self, client: httpx2.AsyncClient, person: Staff, note_id: str) -> None:
        self._client, self._person, self.note_id = client, person, note_id

    async def ask(self, path: str, body: Json | None = None, *, method: str = "POST") -> httpx2.Response:
        json = {} if body is None and method == "POST" else body
        return await self._client.request(method, f"/api/notes/{self.note_id}{path}", json=json)

    async def review(self) -> Json:
        answer = await self.ask("/review")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def sign(self, reviewed: Json | None = None, *, lock: bool = False, password: str | None = None) -> httpx2.Response:
        seen = reviewed or await self.review()
        body = {"seq": seen["seq"], "head": seen["head"], "password": password or self._person.password, "lock": lock}
        return await self.ask("/sign", body)

    def at(self, note_id: str) -> "Hand":
        return Hand(self._client, self._person, note_id)
