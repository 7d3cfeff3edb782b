"""Kinds of notes and who may see them; signatures, anchors, templates; encryption; the audit.

Notes that were written before are not encrypted, and no release ever wrote one: where there are any, the migration refuses
and changes nothing.
"""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _refuse_plain_notes()
    _people()
    _rights()
    _notes()
    _versions()
    _texts()
    _guards()


def _refuse_plain_notes() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM note")):
        raise RuntimeError("this database holds notes of a server before its first release; start with an empty data folder")


def _people() -> None:
    op.add_column("practice", sa.Column("keeps_drafts", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("login_session", sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.true()))
    if op.get_bind().dialect.name == "sqlite":  # which adds a foreign key only together with its column
        op.execute("ALTER TABLE patient ADD COLUMN person_id CHAR(32) CONSTRAINT fk_patient_person_id REFERENCES person (id)")
    else:
        op.add_column("patient", sa.Column("person_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f("fk_patient_person_id"), "patient", "person", ["person_id"], ["id"])
    op.create_index(op.f("ix_patient_person_id"), "patient", ["person_id"])
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_staff_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_staff_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    op.create_index(op.f("ix_staff_person_id"), "staff", ["person_id"])
    op.create_index(op.f("ix_staff_practice_id"), "staff", ["practice_id"])
    op.create_table(
        "sharing_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("wording_version", sa.String(length=20), nullable=False),
        sa.Column("wording_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_sharing_consent_patient_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharing_consent")),
    )
    op.create_index(op.f("ix_sharing_consent_patient_id"), "sharing_consent", ["patient_id"])


def _rights() -> None:
    op.create_table(
        "access_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("granted_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_access_grant_author_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_access_grant_patient_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_grant_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_access_grant_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
    )
    op.create_index(op.f("ix_access_grant_author_id"), "access_grant", ["author_id"])
    op.create_index(op.f("ix_access_grant_patient_id"), "access_grant", ["patient_id"])
    op.create_index(op.f("ix_access_grant_person_id"), "access_grant", ["person_id"])
    op.create_index(op.f("ix_access_grant_practice_id"), "access_grant", ["practice_id"])
    op.create_table(
        "emergency_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_emergency_access_patient_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_emergency_access_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_emergency_access_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
    )
    op.create_index(op.f("ix_emergency_access_patient_id"), "emergency_access", ["patient_id"])
    op.create_index(op.f("ix_emergency_access_person_id"), "emergency_access", ["person_id"])
    op.create_index(op.f("ix_emergency_access_practice_id"), "emergency_access", ["practice_id"])
    op.create_table(
        "emergency_notice",
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["access_id"], ["emergency_access.id"], name=op.f("fk_emergency_notice_access_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_emergency_notice_person_id")),
        sa.PrimaryKeyConstraint("access_id", "person_id", name=op.f("pk_emergency_notice")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("thing", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_audit_entry_patient_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_audit_entry_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_audit_entry_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("practice_id", "number", name=op.f("uq_audit_entry_practice_id")),
    )
    op.create_index(op.f("ix_audit_entry_patient_id"), "audit_entry", ["patient_id"])
    op.create_index(op.f("ix_audit_entry_person_id"), "audit_entry", ["person_id"])
    op.create_table(
        "rights_epoch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_epoch")),
    )
    op.execute("INSERT INTO rights_epoch (id, count) VALUES (1, 0)")


def _notes() -> None:
    with op.batch_alter_table("note") as batch:
        batch.add_column(sa.Column("public_id", sa.Uuid(), nullable=False))
        batch.add_column(sa.Column("kind", sa.String(length=20), nullable=False))
        batch.add_column(sa.Column("author_id", sa.Uuid(), nullable=False))
        batch.add_column(sa.Column("number", sa.Integer(), nullable=False))
        batch.add_column(sa.Column("purpose", sa.String(length=20), nullable=False))
        batch.add_column(sa.Column("amends_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch.add_column(sa.Column("begun_by", sa.Uuid(), nullable=False))
        batch.add_column(sa.Column("reason", sa.String(length=500), nullable=True))
        batch.add_column(sa.Column("state", sa.String(length=20), nullable=False))
        batch.add_column(sa.Column("key_id", sa.String(length=40), nullable=False))
        batch.add_column(sa.Column("data_key", sa.LargeBinary(), nullable=False))
        batch.drop_constraint(op.f("uq_note_consultation_id"), type_="unique")
        batch.create_unique_constraint(op.f("uq_note_consultation_id"), ["consultation_id", "kind", "author_id", "number"])
        batch.create_unique_constraint(op.f("uq_note_public_id"), ["public_id"])
        batch.create_foreign_key(op.f("fk_note_author_id"), "person", ["author_id"], ["id"])
        batch.create_foreign_key(op.f("fk_note_begun_by"), "person", ["begun_by"], ["id"])
        batch.create_foreign_key(op.f("fk_note_amends_id"), "note", ["amends_id"], ["id"], ondelete="CASCADE")
    op.create_index(op.f("ix_note_author_id"), "note", ["author_id"])
    op.create_index(op.f("ix_note_amends_id"), "note", ["amends_id"])
    op.create_index(op.f("ix_note_key_id"), "note", ["key_id"])


def _versions() -> None:
    op.create_table(
        "note_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_note_version_note_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_note_version_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_version")),
        sa.UniqueConstraint("note_id", "number", name=op.f("uq_note_version_note_id")),
    )
    op.create_index(op.f("ix_note_version_person_id"), "note_version", ["person_id"])
    op.create_table(
        "note_release",
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["note_version.id"], name=op.f("fk_note_release_version_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_note_release")),
    )
    op.create_table(
        "note_anchor",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("chains", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_note_anchor")),
    )


def _texts() -> None:
    op.create_table(
        "note_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_note_template_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_note_template_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_template")),
    )
    op.create_index(op.f("ix_note_template_person_id"), "note_template", ["person_id"])
    op.create_index(op.f("ix_note_template_practice_id"), "note_template", ["practice_id"])
    op.create_table(
        "note_snippet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("shortcut", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_note_snippet_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_note_snippet_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_snippet")),
    )
    op.create_index("ix_note_snippet_owner", "note_snippet", ["practice_id", "person_id"])


# What nobody may do, whichever code asks: (trigger, when and on what, condition, sentence).
GUARDS = (
    ("note_update_fixed", "BEFORE UPDATE ON note_update", "", "a row of a note is never changed"),
    ("note_update_kept", "BEFORE DELETE ON note_update", "{locked}", "a locked note loses no row"),
    ("note_version_fixed", "BEFORE UPDATE ON note_version", "", "a version is never changed"),
    ("note_version_kept", "BEFORE DELETE ON note_version", "{locked}", "a locked note loses no version"),
    ("note_stays_locked", "BEFORE UPDATE ON note", "OLD.state = 'locked' AND NEW.state <> 'locked'", "a locked note stays locked"),
    ("note_kept", "BEFORE DELETE ON note", "OLD.state = 'locked'", "a locked note stays"),
)
LOCKED = "(SELECT state FROM note WHERE id = OLD.note_id) = 'locked'"
TAKES_NO_MORE = "a locked note takes no more"


def _guards() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_guards()
    else:
        _postgresql_guards()


def _sqlite_guards() -> None:
    full = ("note_update_closed", "BEFORE INSERT ON note_update", LOCKED.replace("OLD", "NEW"), TAKES_NO_MORE)
    for name, moment, condition, sentence in (*GUARDS, full):
        when = f"WHEN {condition.format(locked=LOCKED)}" if condition else ""
        op.execute(f"CREATE TRIGGER {name} {moment} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END")


def _postgresql_guards() -> None:
    """The one of the hot path runs once per statement, and waits for whoever is about to lock one of the notes."""
    for name, moment, condition, sentence in GUARDS:
        test = f"IF NOT ({condition.format(locked=LOCKED)}) THEN RETURN COALESCE(NEW, OLD); END IF;" if condition else ""
        _function(name, f"{test} RAISE EXCEPTION '{sentence}' USING ERRCODE = 'CL001';")
        op.execute(f"CREATE TRIGGER {name} {moment} FOR EACH ROW EXECUTE FUNCTION {name}()")
    held = "SELECT state FROM note WHERE id IN (SELECT note_id FROM fresh) ORDER BY id FOR SHARE"
    _function(
        "note_update_closed",
        f"PERFORM 1 FROM ({held}) AS held WHERE state = 'locked'; "
        f"IF FOUND THEN RAISE EXCEPTION '{TAKES_NO_MORE}' USING ERRCODE = 'CL001'; END IF; RETURN NULL;",
    )
    op.execute(
        "CREATE TRIGGER note_update_closed AFTER INSERT ON note_update REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION note_update_closed()"
    )


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
