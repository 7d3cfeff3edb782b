"""Who acts for which patient, what was said about it, and which visits, consents and audit entries were for somebody else."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _representation()
    _words()
    for table in ("join_link", "participant", "consent"):
        _refer(table)
    op.create_index(op.f("ix_join_link_representation_id"), "join_link", ["representation_id"])
    op.add_column("audit_entry", sa.Column("representation_id", sa.Uuid(), nullable=True))


def _refer(table: str) -> None:
    """SQLite adds a foreign key only together with its column."""
    if op.get_bind().dialect.name == "sqlite":
        foreign = f"CONSTRAINT fk_{table}_representation_id REFERENCES representation (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN representation_id CHAR(32) {foreign}")
    else:
        op.add_column(table, sa.Column("representation_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_representation_id"), table, "representation", ["representation_id"], ["id"])


def _representation() -> None:
    op.create_table(
        "representation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("basis", sa.String(length=20), nullable=False),
        sa.Column("reach", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("link_until", UtcTime(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("taken_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("sleeps_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_representation_practice_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_representation_patient_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_representation_person_id")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_representation_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_representation_token_hash")),
    )
    for column in ("practice_id", "patient_id", "person_id"):
        op.create_index(op.f(f"ix_representation_{column}"), "representation", [column])


def _words() -> None:
    op.create_table(
        "representation_word",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("representation_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reach", sa.String(length=20), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("wording_version", sa.String(length=20), nullable=True),
        sa.Column("wording_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("evidence", sa.String(length=500), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("said_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["representation_id"], ["representation.id"], name=op.f("fk_representation_word_representation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_representation_word_person_id")),
        sa.ForeignKeyConstraint(["file_id"], ["record_file.id"], name=op.f("fk_representation_word_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representation_word")),
    )
    for column in ("representation_id", "person_id"):
        op.create_index(op.f(f"ix_representation_word_{column}"), "representation_word", [column])
