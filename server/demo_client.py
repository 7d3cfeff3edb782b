"""Asks a running demo server, over its own HTTP interface, for sign-ins and a fresh patient's link."""

import json
import ssl
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPSHandler, OpenerDirector, Request, build_opener
from uuid import UUID

from server.demo import PATIENT, PEOPLE, DemoFacts, booking_url, read_kept

TIMEOUT_S = 10
FORM = "application/x-www-form-urlencoded"


class DemoServerMissing(Exception):
    """One clear line for whoever asked."""


def fetch_demo(data_dir: Path) -> DemoFacts:
    """Sign in as the professional, create a consultation and sign out again; raises `DemoServerMissing` or OSError."""
    try:
        base_url: str = json.loads(address_path(data_dir).read_text())["base_url"]
        kept = read_kept(data_dir)
    except FileNotFoundError:
        raise DemoServerMissing(f"no demo server has started with the data folder {data_dir}") from None
    opener = _opener(data_dir)
    professional = PEOPLE[0].username
    form = urlencode({"username": professional, "password": kept.passwords[professional]}).encode()
    _post(opener, base_url, "/sign-in", form, FORM)
    try:
        return DemoFacts(base_url, kept.passwords, _new_link(opener, base_url, kept.patient_id), booking_url(base_url, kept))
    finally:
        _post(opener, base_url, "/sign-out", b"", FORM)


def _new_link(opener: OpenerDirector, base_url: str, patient_id: UUID) -> str:
    team_id = json.loads(_get(opener, base_url, "/api/teams"))["teams"][0]["id"]
    plan = json.dumps({"patient_name": PATIENT, "patient_id": str(patient_id), "team_id": team_id}).encode()
    link: str = json.loads(_post(opener, base_url, "/api/consultations", plan, "application/json"))["link"]
    return link


def address_path(data_dir: Path) -> Path:
    """Where `serve` writes its address."""
    return data_dir / "server.json"


def certificate_path(data_dir: Path) -> Path:
    return data_dir / "tls.crt"


def _opener(data_dir: Path) -> OpenerDirector:
    context = ssl.create_default_context()
    context.check_hostname = False  # nosemgrep: certificate-not-checked - it is our own, and pinned by the next lines
    certificate = certificate_path(data_dir)
    if certificate.exists():
        context.load_verify_locations(certificate)
    return build_opener(HTTPCookieProcessor(CookieJar()), HTTPSHandler(context=context))


def _post(opener: OpenerDirector, base_url: str, path: str, body: bytes, kind: str) -> bytes:
    request = Request(base_url + path, data=body, headers={"Content-Type": kind, "Origin": base_url})  # noqa: S310 - our own address
    with opener.open(request, timeout=TIMEOUT_S) as response:
        found: bytes = response.read()
    return found


def _get(opener: OpenerDirector, base_url: str, path: str) -> bytes:
    with opener.open(base_url + path, timeout=TIMEOUT_S) as response:
        found: bytes = response.read()
    return found
