"""Text messages by Twilio's Programmable Messaging."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from server.ports import Carried, Letter, NotProven, Unfit
from server.settings import TWILIO, Settings

WITHIN_S = 10.0
# What another attempt would not change: the number is none, takes no text messages, may not be written to from here, or said STOP.
FOR_GOOD = frozenset({21211, 21408, 21610, 21612, 21614, 21635, 30006})


def genuine_with(settings: Settings) -> Callable[[str, Mapping[str, str], str], bool]:
    """Return what tells whether Twilio signed a request to `url` with these fields."""
    validator = RequestValidator(settings.twilio_auth_token.get_secret_value())
    return lambda url, fields, signature: bool(validator.validate(url, dict(fields), signature))


class TwilioSms:
    """Asks Twilio to send, and to tell `{base_url}/hooks/twilio/{dedupe_key}` what became of it.

    Twilio knows no key by which it would tell a repetition: an answer that is lost may lead to a second message, never to none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None

    async def carry(self, letter: Letter, dedupe_key: str) -> Carried:
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._connected().messages.create_async(to=letter.to, body=letter.body, **self._sender(), **self._hook(dedupe_key))
        except TwilioRestException as error:
            if error.code not in FOR_GOOD:
                raise
            return Carried.REFUSED
        return Carried.SENT

    async def prove(self) -> None:
        """Ask who we are, which sends nothing; raises `NotProven`."""
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._connected().api.v2010.accounts(self._settings.twilio_account_sid).fetch_async()
        except TimeoutError:
            raise NotProven(Unfit.SLOW) from None
        except TwilioRestException as error:
            raise NotProven(Unfit.REFUSED if error.status in {401, 403} else Unfit.STRANGE) from None
        except OSError:
            raise NotProven(Unfit.UNREACHABLE) from None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.http_client.close()

    def _connected(self) -> Client:
        """Return the client, made at the first letter: it opens its session in the running loop."""
        if self._client is None:
            settings = self._settings
            token = settings.twilio_auth_token.get_secret_value()
            self._client = _At(settings.twilio_url, settings.twilio_account_sid, token, http_client=AsyncTwilioHttpClient())
        return self._client

    def _sender(self) -> dict[str, str]:
        """A messaging service chooses the sender by itself; anything else is a number or a name."""
        sender = self._settings.twilio_from
        return {"messaging_service_sid" if sender.startswith("MG") else "from_": sender}

    def _hook(self, key: str) -> dict[str, str]:
        base_url = self._settings.base_url
        return {"status_callback": f"{base_url}/hooks/twilio/{key}"} if base_url else {}


class _At(Client):  # type: ignore[misc]
    """Twilio's client at the address of the settings, for which its own has no place."""

    def __init__(self, url: str, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._url = url

    def get_hostname(self, uri: str) -> str:
        return uri.replace(TWILIO, self._url, 1)
