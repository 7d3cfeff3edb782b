"""Recordings that go on after a stop, that are held back from deletion, and of which something could not be recorded."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("resumed_at", "held_at", "withdrawn_at"):
        op.add_column("recording", sa.Column(name, UtcTime(), nullable=True))
    op.add_column("recording", sa.Column("held_why", sa.String(length=500), nullable=True))
    _people("held_by", "withdrawn_by")
    op.add_column("recording_track", sa.Column("unseen", sa.String(length=8), nullable=True))
    op.create_table(
        "recording_peer",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("peer", sa.String(length=64), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_recording_peer_recording_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_recording_peer_participant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("recording_id", "peer", name=op.f("pk_recording_peer")),
    )


def _people(*columns: str) -> None:
    for column in columns:
        name = f"fk_recording_{column}"
        if op.get_bind().dialect.name == "sqlite":  # which adds a foreign key only together with its column
            op.execute(f"ALTER TABLE recording ADD COLUMN {column} CHAR(32) CONSTRAINT {name} REFERENCES person (id)")
        else:
            op.add_column("recording", sa.Column(column, sa.Uuid(), nullable=True))
            op.create_foreign_key(op.f(name), "recording", "person", [column], ["id"])
