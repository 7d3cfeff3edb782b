"""The frozen settings: from the environment (`CONSILIUM_NAME`) or from a file (`CONSILIUM_NAME_FILE`)."""

import os
import re
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, get_origin
from urllib.parse import SplitResult, urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, ValidationError, ValidationInfo, field_validator

from server.address import engine_address, is_ip, is_loopback

SENDER = re.compile(r"[^@\s]+@[^@\s]+")
HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
DEFAULT_PORTS = {"http": 80, "https": 443}
PREFIX = "CONSILIUM_"
TWILIO = "https://api.twilio.com"
STRIPE = "https://api.stripe.com"
PROCESSORS = ("server", "smtp", "twilio", "stripe", "turn")


class BadSettings(Exception):
    """One clear line for whoever starts the server."""


class Settings(BaseModel):
    """Described one by one in docs/SETTINGS.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["demo", "production"] = "demo"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    base_url: str = Field(default="", validate_default=True)
    trusted_proxies: list[IPvAnyNetwork] = []
    data_dir: Path = Path("data")
    database_url: str = ""
    stun_urls: list[str] = []
    turn_urls: list[str] = []
    turn_secret: SecretStr = SecretStr("")
    turn_ttl_s: int = Field(default=86400, ge=60, le=86400)
    media: Literal["own", "off"] = "own"
    media_listen: str = ""
    media_second: str = "auto"
    media_announce: list[str] = []
    media_nodes: list[str] = []
    media_secret: SecretStr = SecretStr("")
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_from: str = Field(default="", validate_default=True)
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = Field(default=SecretStr(""), validate_default=True)
    twilio_from: str = Field(default="", validate_default=True)
    twilio_url: str = TWILIO
    payments: Literal["none", "sandbox", "stripe"] = "none"
    stripe_secret_key: SecretStr = Field(default=SecretStr(""), validate_default=True)
    stripe_webhook_secret: SecretStr = Field(default=SecretStr(""), validate_default=True)
    stripe_connect_webhook_secret: SecretStr = Field(default=SecretStr(""), validate_default=True)
    stripe_country: str = "GB"
    stripe_url: str = STRIPE
    platform_fee_percent: int = Field(default=0, ge=0, le=50)
    phone_region: str = "GB"
    documents_max_mb: int = Field(default=20, ge=1, le=100)
    documents_per_record: int = Field(default=300, ge=1, le=10_000)
    clamd: str = ""
    backup_mark: Path | None = None
    anchors_dir: Path | None = None
    regions: list[str] = []
    newsletters_per_minute: int = Field(default=60, ge=1, le=240)
    complaint_days: int = Field(default=30, ge=1, le=90)
    locales_dir: Path | None = None
    login_idle_s: int = Field(default=8 * 3600, ge=60)
    login_lifetime_s: int = Field(default=7 * 86400, ge=60)
    require_second_factor: bool | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("database_url")
    @classmethod
    def known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("media_listen")
    @classmethod
    def address_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (is_ip(host.strip("[]")) and port.isdecimal()):
            raise ValueError("must be ADDRESS:PORT")
        return value

    @field_validator("media_second")
    @classmethod
    def address_or_word(cls, value: str) -> str:
        if value not in {"auto", "none"} and not is_ip(value):
            raise ValueError("must be auto, none or an IP address")
        return value

    @field_validator("media_announce")
    @classmethod
    def addresses_alone(cls, value: list[str]) -> list[str]:
        if not all(map(is_ip, value)) or len({":" in each for each in value}) != len(value):
            raise ValueError("must be an IP address, or one of each family, separated by commas")
        return value

    @field_validator("media_nodes")
    @classmethod
    def hosts_and_ports(cls, value: list[str]) -> list[str]:
        if any(not host or not port.isdecimal() for host, _, port in (node.rpartition(":") for node in value)):
            raise ValueError("must be HOST:PORT, separated by commas")
        return value

    @field_validator("clamd")
    @classmethod
    def socket_or_host(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not value.startswith("unix:/") and not (host and port.isdecimal()):
            raise ValueError("must be HOST:PORT or unix:/path")
        return value

    @field_validator("mail_from")
    @classmethod
    def sender(cls, value: str, given: ValidationInfo) -> str:
        if value and not SENDER.fullmatch(parseaddr(value)[1]):
            raise ValueError("must be an e-mail address, or a name with an address in <>")
        if given.data.get("smtp_host") and not value:
            raise ValueError("is needed with SMTP_HOST")
        return value

    @field_validator("twilio_auth_token", "twilio_from")
    @classmethod
    def needed_by_twilio(cls, value: SecretStr | str, given: ValidationInfo) -> SecretStr | str:
        if given.data.get("twilio_account_sid") and not value:
            raise ValueError("is needed with TWILIO_ACCOUNT_SID")
        return value

    @field_validator("stripe_secret_key", "stripe_webhook_secret", "stripe_connect_webhook_secret")
    @classmethod
    def needed_by_stripe(cls, value: SecretStr, given: ValidationInfo) -> SecretStr:
        if given.data.get("payments") == "stripe" and not value:
            raise ValueError("is needed with PAYMENTS=stripe")
        return value

    @field_validator("twilio_url", "stripe_url")
    @classmethod
    def address_of_an_interface(cls, value: str) -> str:
        parts = _split(value)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("must be http:// or https:// and a host")
        return value.rstrip("/")

    @field_validator("payments")
    @classmethod
    def no_play_money(cls, value: str, given: ValidationInfo) -> str:
        if value == "sandbox" and given.data.get("environment") == "production":
            raise ValueError("moves no money in a sandbox, which is not for production")
        return value

    @field_validator("phone_region", "stripe_country")
    @classmethod
    def known_region(cls, value: str) -> str:
        if value not in SUPPORTED_REGIONS:
            raise ValueError("must be a country in two capital letters (ISO 3166)")
        return value

    @field_validator("regions")
    @classmethod
    def named_regions(cls, value: list[str]) -> list[str]:
        if any(name not in PROCESSORS or not region.strip() for name, _, region in (each.partition("=") for each in value)):
            raise ValueError(f"must be NAME=REGION, separated by commas, with NAME out of {', '.join(PROCESSORS)}")
        return value

    @field_validator("base_url")
    @classmethod
    def public_origin(cls, value: str, given: ValidationInfo) -> str:
        """Return the origin as browsers send it, because hosts and origins are compared with it letter by letter."""
        parts = _split(value)
        if given.data.get("environment") == "production" and not (parts.scheme == "https" or is_loopback(parts.hostname or "")):
            raise ValueError("must be an https address in production; plain http is for loopback only")
        if not value:
            return ""
        if parts.scheme not in DEFAULT_PORTS or not HOST.fullmatch(parts.hostname or ""):
            raise ValueError("must be http:// or https:// and a host, in the letters of the DNS")
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
            raise ValueError("must end after the host and the port")
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, DEFAULT_PORTS[parts.scheme]} else "")

    @property
    def stripe_hook_secrets(self) -> tuple[SecretStr, SecretStr]:
        """Of what Stripe tells about the platform's own account, and about those that are connected to it."""
        return self.stripe_webhook_secret, self.stripe_connect_webhook_secret

    @property
    def database(self) -> str:
        """The database URL; by default a file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'consilium.db'}"

    @property
    def region_of(self) -> Mapping[str, str]:
        """Where the server and each processor keep data, as far as the operator says."""
        return {name: region.strip() for name, _, region in (each.partition("=") for each in self.regions)}

    @property
    def recordings_dir(self) -> Path:
        """Where the engine writes recordings, and from where they are played."""
        return self.data_dir / "recordings"

    @property
    def copies_dir(self) -> Path:
        """Where the sealed copies of people's data are, until they are taken or a day is over."""
        return self.data_dir / "copies"

    @property
    def documents_dir(self) -> Path:
        """Where the sealed documents of the records are."""
        return self.data_dir / "documents"

    @property
    def most_file_bytes(self) -> int:
        return self.documents_max_mb << 20

    @property
    def media_addresses(self) -> list[tuple[str, int]]:
        """Host and control port of each named engine."""
        parts = (node.rpartition(":") for node in self.media_nodes)
        return [(host.strip("[]"), int(port)) for host, _, port in parts]

    @property
    def media_options(self) -> list[str]:
        """Where an engine of our own listens, and what browsers are told of it: as `consilium media` has it said."""
        announced = ["--announce", ",".join(self.media_announce)] if self.media_announce else []
        return ["--listen", engine_address(self.media_listen), "--second", self.media_second, *announced]

    @property
    def own_tls(self) -> bool:
        """Whether the server itself speaks HTTPS: where others can reach it and no proxy in front has a public address."""
        return not self.base_url and not is_loopback(self.host)

    @property
    def needs_second_factor(self) -> bool:
        """Whether everybody who works here needs a second factor: unless it is said, in production."""
        return self.environment == "production" if self.require_second_factor is None else self.require_second_factor

    @property
    def secure(self) -> bool:
        """Whether people reach the server by https, so that cookies may carry the `__Host-` prefix."""
        return self.own_tls or self.base_url.startswith("https://")


def load_settings(environ: Mapping[str, str] = os.environ, **overrides: object) -> Settings:
    """Read the settings; raises `BadSettings` with one line that names the value at fault, never the value itself."""
    _refuse_unknown(environ)
    texts = {**_from_environment(environ), **_from_files(environ)}
    try:
        return Settings.model_validate({**{field: _parse(field, text) for field, text in texts.items() if text}, **overrides})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise BadSettings(f"{PREFIX}{str(first['loc'][0]).upper()}: {first['msg'].removeprefix('Value error, ')}") from None


def _split(url: str) -> SplitResult:
    """Split a URL; raises `ValueError` without the URL in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("cannot be read as an address") from None
    return parts


def _parse(field: str, text: str) -> object:
    """Return what a setting's text means: a list is separated by commas, and blanks count for nothing."""
    if get_origin(Settings.model_fields[field].annotation) is list:
        return [part for part in (part.strip() for part in text.split(",")) if part]
    return text


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    names = {PREFIX + field.upper(): field for field in Settings.model_fields}
    return {names[key]: value.strip() for key, value in environ.items() if key in names}


def _from_files(environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in Settings.model_fields:
        path = environ.get(f"{PREFIX}{field.upper()}_FILE")
        if not path:
            continue
        try:
            found[field] = Path(path).read_text().strip()
        except UnicodeDecodeError:
            raise BadSettings(f"{PREFIX}{field.upper()}_FILE: is not text") from None
        except OSError as error:
            raise BadSettings(f"{PREFIX}{field.upper()}_FILE: cannot be read ({error.strerror})") from None
    return found


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    unknown = sorted(key for key in environ if key.startswith(PREFIX) and key not in known)
    if unknown:
        raise BadSettings(f"{unknown[0]}: there is no such setting (docs/SETTINGS.md lists them)")
