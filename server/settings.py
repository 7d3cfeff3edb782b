"""The frozen settings: from the environment (`CONSILIUM_NAME`) or from a file (`CONSILIUM_NAME_FILE`)."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

PREFIX = "CONSILIUM_"


class BadSettings(Exception):
    """One clear line for whoever starts the server."""


class Settings(BaseModel):
    """Described one by one in docs/SETTINGS.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["demo", "production"] = "demo"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    base_url: str = ""
    tls: bool = False
    data_dir: Path = Path("data")
    database_url: str = ""
    stun_urls: list[str] = []
    turn_urls: list[str] = []
    turn_secret: SecretStr = SecretStr("")
    turn_ttl_s: int = Field(default=7200, ge=60, le=86400)
    locales_dir: Path | None = None
    login_idle_s: int = Field(default=8 * 3600, ge=60)
    login_lifetime_s: int = Field(default=7 * 86400, ge=60)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("database_url")
    @classmethod
    def known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @property
    def database(self) -> str:
        """The database URL; by default a file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'consilium.db'}"

    @property
    def secure(self) -> bool:
        """Whether people reach the server by https, so that cookies may carry the `__Host-` prefix."""
        return self.tls or self.base_url.startswith("https://")


def load_settings(environ: Mapping[str, str] = os.environ, **overrides: object) -> Settings:
    """Read the settings; raises `BadSettings` with one line that names the value at fault, never the value itself."""
    from_files = _read_files(environ)
    _refuse_unknown(environ)
    try:
        return Settings.model_validate({**_from_environment(environ), **from_files, **overrides})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadSettings(f"{PREFIX}{name.upper()}: {first['msg']}") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    names = {PREFIX + field.upper(): field for field in Settings.model_fields}
    found = {names[key]: value for key, value in environ.items() if key in names}
    return {name: value.split(",") if name.endswith("_urls") and value else value for name, value in found.items()}


def _read_files(environ: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in Settings.model_fields:
        path = environ.get(f"{PREFIX}{field.upper()}_FILE")
        if path is None:
            continue
        try:
            found[field] = Path(path).read_text().strip()
        except OSError as error:
            raise BadSettings(f"{PREFIX}{field.upper()}_FILE: cannot be read ({error.strerror})") from None
    return found


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    unknown = sorted(key for key in environ if key.startswith(PREFIX) and key not in known)
    if unknown:
        raise BadSettings(f"{unknown[0]}: there is no such setting (docs/SETTINGS.md lists them)")
