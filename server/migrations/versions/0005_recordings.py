"""Recordings of calls: what is kept of them, who agreed to which one, and how long a practice keeps them."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("practice", sa.Column("keeps_recordings_days", sa.Integer(), nullable=False, server_default="90"))
    op.create_table(
        "recording",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("keep_until", UtcTime(), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("data_key", sa.LargeBinary(length=128), nullable=True),
        sa.Column("deleted_at", UtcTime(), nullable=True),
        sa.Column("deleted_by", sa.Uuid(), nullable=True),
        sa.Column("gone", sa.String(length=20), nullable=True),
        sa.Column("deleted_why", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation.id"], name=op.f("fk_recording_consultation_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["asked_by"], ["participant.id"], name=op.f("fk_recording_asked_by"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["deleted_by"], ["person.id"], name=op.f("fk_recording_deleted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
    )
    op.create_index(op.f("ix_recording_consultation_id"), "recording", ["consultation_id"])
    op.create_index(op.f("ix_recording_keep_until"), "recording", ["keep_until"])
    op.create_table(
        "recording_track",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_recording_track_recording_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_recording_track_participant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_track")),
        sa.UniqueConstraint("recording_id", "file", name=op.f("uq_recording_track_recording_id")),
    )
    _consents()


def _consents() -> None:
    if op.get_bind().dialect.name == "sqlite":  # which adds a foreign key only together with its column
        foreign = "CONSTRAINT fk_consent_recording_id REFERENCES recording (id)"
        op.execute(f"ALTER TABLE consent ADD COLUMN recording_id CHAR(32) {foreign}")
    else:
        op.add_column("consent", sa.Column("recording_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f("fk_consent_recording_id"), "consent", "recording", ["recording_id"], ["id"])
    op.create_index(op.f("ix_consent_recording_id"), "consent", ["recording_id"])
