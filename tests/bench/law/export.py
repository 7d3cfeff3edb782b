"""How long it takes until somebody has the copy of their data, over HTTP, and which tables no copy would hold."""

import argparse
import time
from collections.abc import Iterator

import httpx2

from tests.bench.browsers import running_site
from tests.bench.figures import Figure
from tests.cast import DANA
from tests.house.test_holdings import uncovered
from tests.http.filing import picture
from tests.site import Site

CONSULTATIONS, DOCUMENTS = 50, 20
PASSWORD = "dana likes long walks"
PHOTOGRAPH = (2000, 1500)  # pixels


def measure(_options: argparse.Namespace) -> Iterator[Figure]:
    with running_site() as site:
        for _ in range(CONSULTATIONS):
            site.consultation()
        yield Figure("export_s", _take(site), "s")
    yield Figure("uncovered_tables", len(uncovered()), "tables")


def _take(site: Site) -> float:
    """Return seconds from asking for the copy to the last byte of the archive."""
    with httpx2.Client(base_url=site.url, headers={"origin": site.url}, trust_env=False, timeout=60) as client:
        answer = client.post("/sign-in", data={"username": DANA.username, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        _send_documents(client)
        began = time.perf_counter()
        assert client.post("/my/data/copy").status_code == 303
        while 'id="download"' not in client.get("/my/data").text:
            time.sleep(0.1)
        copy = client.post("/my/data/download")
        took = time.perf_counter() - began
    assert copy.status_code == 200, copy.text
    return took


def _send_documents(client: httpx2.Client) -> None:
    photograph = picture(size=PHOTOGRAPH)
    for number in range(DOCUMENTS):
        sent = client.post(f"/my/{DANA.patient_id}/files", files={"file": (f"{number}.jpg", photograph, "image/jpeg")})
        assert sent.status_code == 303, sent.text
