"""Events as Stripe sends them: signed over the bytes, with the moment at which that was."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

OWN, CONNECTED = "whsec_of_the_platform", "whsec_of_connected_accounts"


class Signed(NamedTuple):
    body: bytes
    headers: Mapping[str, str]


def signed(event: Mapping[str, Any], secret: str = CONNECTED, at: float | None = None) -> Signed:
    """Sign as Stripe's page on webhooks says: HMAC-SHA256 over `t.body`; `at` in seconds, now where nothing is said."""
    body = json.dumps(event).encode()
    moment = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return Signed(body, {"stripe-signature": f"t={moment},v1={mac}", "content-type": "application/json"})
