"""The key ring: what is sealed opens in its own place only, and keys change while everything runs."""

import json
import stat
from pathlib import Path
from uuid import UUID

import pytest
from anyio import to_thread
from sqlalchemy import update

from server.__main__ import main
from server.app import build_app
from server.chores import faults_in, replay_erasures
from server.core.audit import Act, AuditEntry, Deed, record
from server.core.crypto import FILE as SECRET
from server.core.crypto import load_secrets
from server.core.house import House
from server.core.keyring import FILE, MissingKey, Sealer, Unreadable, add_key, drop_key, load_keyring, place_of
from server.notes.actions import lay_out_notes
from server.notes.doors import sealer_of
from server.notes.model import Note
from server.privacy.keys import check_audit_key, check_keys, keys_in_use, rotate
from server.serve import prepare_greeting
from server.settings import BadSettings
from tests.cast import ALICE, CLINIC, Cast, Meeting
from tests.conftest import ORIGIN, StillClock

pytestmark = [pytest.mark.anyio, pytest.mark.row("N10")]

PLACE = place_of("note_update", 1, 2)


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """On both databases."""
    return database_url


@pytest.fixture
async def noted(house: House, meeting: Meeting, clock: StillClock) -> Meeting:
    """The meeting with its three notes."""
    async with house.database.write() as tx:
        await lay_out_notes(tx, house.keyring, ALICE.viewer, meeting.consultation_id, clock.now())
    return meeting


def test_the_same_text_is_never_sealed_alike() -> None:
    sealer = Sealer(bytes(32))
    first, second = (sealer.seal(b"Paracetamol", PLACE) for _ in range(2))
    assert first != second
    assert b"Para" not in first
    assert sealer.open(first, PLACE) == sealer.open(second, PLACE) == b"Paracetamol"


def test_bad_36_moved_changed_cut_or_under_another_key() -> None:
    sealer = Sealer(bytes(32))
    sealed = sealer.seal(b"Paracetamol", PLACE)
    flipped = [bytes([*sealed[:at], sealed[at] ^ 1, *sealed[at + 1 :]]) for at in range(len(sealed))]
    for spoilt in (sealed[:-1], sealed[1:], b"", sealed[:12], *flipped):
        with pytest.raises(Unreadable):
            sealer.open(spoilt, PLACE)
    for place in (place_of("note_update", 1, 3), place_of("note_update", 2, 2), place_of("note_snapshot", 1, 2)):
        with pytest.raises(Unreadable):
            sealer.open(sealed, place)
    with pytest.raises(Unreadable):
        Sealer(b"x" * 32).open(sealed, PLACE)


def test_the_ring_is_made_once_and_private(tmp_path: Path) -> None:
    first, second = load_keyring(tmp_path), load_keyring(tmp_path)
    assert first.current == second.current
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", '{"current": "a", "keys": {}}', '{"current": "a", "keys": {"a": "c2hvcnQ="}}', '{"current": "a", "keys": {"a": 1}}',
     '{"current": "a", "keys": {"a": "not base64!"}}'],
)  # fmt: skip
def test_what_is_no_ring_stops_the_start_with_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(BadSettings, match="no key ring"):
        load_keyring(tmp_path)


def test_a_running_server_takes_a_new_key_and_opens_the_older_ones(tmp_path: Path) -> None:
    ring = load_keyring(tmp_path)
    old = ring.new_data_key(PLACE)
    name = add_key(tmp_path)
    new = ring.new_data_key(PLACE)
    assert (old[0] != name, new[0]) == (True, name)
    assert ring.rewrap(*old, PLACE)[0] == name
    drop_key(tmp_path, old[0])
    with pytest.raises(MissingKey):
        load_keyring(tmp_path).sealer(*old, PLACE)
    for gone in (old[0], name):
        with pytest.raises(BadSettings):
            drop_key(tmp_path, gone)


async def test_bad_36_rotated_while_it_is_used(house: House, noted: Meeting) -> None:
    """Whatever was sealed before opens afterwards, because only the note's own key is encrypted anew."""
    before = house.keyring.current
    async with house.database.read() as tx:
        notes = list(await tx.scalars(Note.__table__.select().with_only_columns(Note.id)))
        sealed = [sealer_of(house.keyring, await tx.get_one(Note, note_id)).seal(b"Rest", PLACE) for note_id in notes]
    name = add_key(house.settings.data_dir)
    assert [step async for step in rotate(house.database, house.keyring)] == [(3, 3)]
    assert await keys_in_use(house.database) == {name: 3}
    drop_key(house.settings.data_dir, before)
    async with house.database.read() as tx:
        for note_id, secret in zip(notes, sealed, strict=True):
            assert sealer_of(house.keyring, await tx.get_one(Note, note_id)).open(secret, PLACE) == b"Rest"
    assert [step async for step in rotate(house.database, house.keyring)] == []


async def test_a_missing_key_is_one_clear_line(house: House, noted: Meeting) -> None:
    await check_keys(house.database, house.keyring)
    path = house.settings.data_dir / FILE
    ring = json.loads(path.read_text())
    path.unlink()
    other = load_keyring(house.settings.data_dir)
    with pytest.raises(BadSettings, match=f"lacks the key {ring['current']}, which 3 notes need"):
        await check_keys(house.database, other)
    forged = {"current": ring["current"], "keys": {ring["current"]: json.loads(path.read_text())["keys"][other.current]}}
    path.write_text(json.dumps(forged))
    with pytest.raises(BadSettings, match="another key"):
        await check_keys(house.database, load_keyring(house.settings.data_dir))


async def test_another_secret_key_than_the_audits_is_one_clear_line(house: House, cast: Cast, clock: StillClock) -> None:
    await check_audit_key(house.database)
    async with house.database.write() as tx:
        for number in range(2):
            await record(tx, Deed(CLINIC, None, Act.TESTED, "record", UUID(int=number), None), clock.now())
        await tx.execute(update(AuditEntry).where(AuditEntry.number == 2).values(reason="changed, and so no proof"))
    await check_audit_key(house.database)
    path = house.settings.data_dir / SECRET
    path.write_bytes(bytes(32))
    with pytest.raises(BadSettings, match=r"secret\.key is not the one by which the audit was chained"):
        await to_thread.run_sync(replay_erasures, house.settings)
    assert "does not follow" in (await to_thread.run_sync(faults_in, house.settings, "audit"))[0]
    path.unlink()
    with pytest.raises(BadSettings, match=r"secret\.key is missing"):
        await to_thread.run_sync(replay_erasures, house.settings)
    assert not path.exists()
    app = build_app(house.settings)
    with pytest.raises(BadSettings, match="not the one"):
        await prepare_greeting(app, ORIGIN)
    await app.state.house.database.close()


def test_the_command_line(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CONSILIUM_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CONSILIUM_DATA_DIR", str(tmp_path))
    first = load_keyring(tmp_path).current
    load_secrets(tmp_path)  # as the first start does
    assert main(["keys", "new"]) == 0
    assert main(["keys", "rotate"]) == 0
    assert main(["keys", "drop", first]) == 0
    assert main(["keys", "drop", first]) == 1
    assert main(["keys", "list"]) == 0
    told = capsys.readouterr()
    assert f"there is no key {first}" in told.err
    assert told.out.splitlines()[-1] == f"{load_keyring(tmp_path).current}  0 notes  current"
