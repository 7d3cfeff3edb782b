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
    ],
)
def test_a_bad_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CONSILIUM_{name}", value)
    with pytest.raises(BadSettings, match=f"^CONSILIUM_{name}: ") as caught:
        load_settings({f"CONSILIUM_{name}": value})
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["CONSILIUM_PROT", "CONSILIUM_SECRET_KEY", "CONSILIUM_PORT_FILE_FILE"])
def test_a_setting_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(BadSettings, match=name):
        load_settings({name: "1"})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="CONSILIUM_TURN_SECRET_FILE"):
        load_settings({"CONSILIUM_TURN_SECRET_FILE": str(tmp_path / "missing")})
