"""Settings come from the environment or from files; a bad one stops the start with one line that never repeats its value."""

from pathlib import Path

import pytest

from server.settings import BadSettings, load_settings


def test_without_any_setting_everything_has_a_default() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.environment) == ("127.0.0.1", 8000, "demo")
    assert settings.database == "sqlite:///data/consilium.db"


def test_a_list_is_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    value = "turn:turn.example:3478?transport=udp,turns:turn.example:5349"
    monkeypatch.setenv("CONSILIUM_TURN_URLS", value)
    assert load_settings({"CONSILIUM_TURN_URLS": value}).turn_urls == value.split(",")


def test_a_secret_can_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    settings = load_settings({"CONSILIUM_TURN_SECRET_FILE": str(tmp_path / "secret")})
    assert settings.turn_secret.get_secret_value() == "from the file"
    assert "from the file" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty-secret"),
        ("PORT", "70001"),
        ("DATABASE_URL", "mysql://user:secret@host/db"),
        ("ENVIRONMENT", "secret"),
        ("TURN_TTL_S", "1"),
        ("LOGIN_IDLE_S", "-secret"),
        ("BASE_URL", "secret.clinic.example"),
        ("BASE_URL", "ftp://secret.example"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https://clinic.example/secret"),
        ("BASE_URL", "https://clinic.example?secret"),
        ("BASE_URL", "https://secret:secret@clinic.example"),
        ("BASE_URL", "https://clinic.example:secret"),
        ("BASE_URL", "https://secret\u00e9.example"),
        ("BASE_URL", "https://[secret"),
        ("MEDIA_SECOND", "secret"),
        ("MEDIA_ANNOUNCE", "192.0.2.1,secret"),
        ("MEDIA_ANNOUNCE", "192.0.2.1,192.0.2.2"),
        ("SMTP_PORT", "0"),
        ("SMTP_SECURITY", "secret"),
        ("MAIL_FROM", "secret"),
        ("MAIL_FROM", "Secret <secret>"),
        ("TWILIO_URL", "secret.example"),
        ("TWILIO_URL", "https://secret.example/path"),
        ("PHONE_REGION", "secret"),
        ("PAYMENTS", "secret"),
        ("TRUSTED_PROXIES", "secret.example"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,secret"),
        ("TRUSTED_PROXIES", "*"),
    ],
)
def test_a_bad_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CONSILIUM_{name}", value)
    with pytest.raises(BadSettings, match=f"^CONSILIUM_{name}: ") as caught:
        load_settings({f"CONSILIUM_{name}": value})
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_the_own_engine_listens_is_said_as_its_command_line_has_it() -> None:
    given = {"MEDIA_LISTEN": "192.0.2.1:4000", "MEDIA_SECOND": "none", "MEDIA_ANNOUNCE": "198.51.100.7"}
    settings = load_settings({f"CONSILIUM_{name}": value for name, value in given.items()})
    assert settings.media_options == ["--listen", "192.0.2.1:4000", "--second", "none", "--announce", "198.51.100.7"]
    assert load_settings({"CONSILIUM_MEDIA_LISTEN": "192.0.2.1:4000"}).media_options == ["--listen", "192.0.2.1:4000", "--second", "auto"]


@pytest.mark.parametrize("text", ["a:1,b:2", " a:1 , b:2 ", "a:1,,b:2,"])
def test_a_list_reads_the_same_from_the_environment_and_from_a_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "urls").write_text(f"{text}\n")
    for environ in ({"CONSILIUM_STUN_URLS": text}, {"CONSILIUM_STUN_URLS_FILE": str(tmp_path / "urls")}):
        assert load_settings(environ).stun_urls == ["a:1", "b:2"]


@pytest.mark.parametrize("field", ["stun_urls", "turn_urls", "trusted_proxies", "locales_dir", "port", "base_url", "database_url"])
def test_an_empty_value_leaves_the_default(field: str) -> None:
    assert load_settings({f"CONSILIUM_{field.upper()}": " "}) == load_settings({})


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://Video.Clinic.example/", "https://video.clinic.example"),
        ("HTTPS://clinic.example:443", "https://clinic.example"),
        ("https://clinic.example:8443", "https://clinic.example:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_public_address_becomes_what_browsers_send(written: str, origin: str) -> None:
    assert load_settings({"CONSILIUM_BASE_URL": written}).base_url == origin


@pytest.mark.parametrize("url", ["", "http://clinic.example", "http://192.168.1.7"])
def test_production_needs_https(url: str) -> None:
    with pytest.raises(BadSettings, match=r"^CONSILIUM_BASE_URL: .*https"):
        load_settings({"CONSILIUM_ENVIRONMENT": "production", "CONSILIUM_BASE_URL": url})


@pytest.mark.parametrize("url", ["https://clinic.example", "http://127.0.0.1:8000", "http://localhost"])
def test_production_takes_https_and_loopback(url: str) -> None:
    assert load_settings({"CONSILIUM_ENVIRONMENT": "production", "CONSILIUM_BASE_URL": url}).base_url == url


@pytest.mark.parametrize(("host", "own_tls"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True), ("192.168.1.7", True)])
def test_the_server_speaks_https_where_others_can_reach_it(host: str, own_tls: bool) -> None:
    assert load_settings({}, host=host).own_tls is own_tls
    assert not load_settings({"CONSILIUM_BASE_URL": "https://clinic.example"}, host=host).own_tls


@pytest.mark.parametrize("name", ["CONSILIUM_PROT", "CONSILIUM_TLS", "CONSILIUM_SECRET_KEY", "CONSILIUM_PORT_FILE_FILE"])
def test_a_setting_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(BadSettings, match=name):
        load_settings({name: "1"})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="CONSILIUM_TURN_SECRET_FILE"):
        load_settings({"CONSILIUM_TURN_SECRET_FILE": str(tmp_path / "missing")})


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSettings, match="CONSILIUM_TURN_SECRET_FILE: is not text"):
        load_settings({"CONSILIUM_TURN_SECRET_FILE": str(tmp_path / "secret")})


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"SMTP_HOST": "mail.clinic.example"}, "MAIL_FROM: is needed with SMTP_HOST"),
        ({"TWILIO_ACCOUNT_SID": "AC1"}, "TWILIO_AUTH_TOKEN: is needed with TWILIO_ACCOUNT_SID"),
        ({"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t"}, "TWILIO_FROM: is needed with TWILIO_ACCOUNT_SID"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_half_a_provider_stops_the_start(given: dict[str, str], missing: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load_settings({f"CONSILIUM_{name}": value for name, value in given.items()})
    assert str(refused.value) == f"CONSILIUM_{missing}"


@pytest.mark.row("M5")
def test_the_sandbox_is_not_for_production() -> None:
    production = {"CONSILIUM_ENVIRONMENT": "production", "CONSILIUM_BASE_URL": "https://clinic.example"}
    with pytest.raises(BadSettings, match="CONSILIUM_PAYMENTS"):
        load_settings({**production, "CONSILIUM_PAYMENTS": "sandbox"})
    assert load_settings(production).payments == "none"
