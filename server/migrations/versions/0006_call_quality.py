"""How a call went for each participant, ten seconds a row, as their browsers measured it."""

import sqlalchemy as sa
from alembic import op

from server.core.db import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_quality",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("lost_in", sa.Integer(), nullable=False),
        sa.Column("lost_out", sa.Integer(), nullable=False),
        sa.Column("delay_ms", sa.Integer(), nullable=False),
        sa.Column("jitter_ms", sa.Integer(), nullable=False),
        sa.Column("in_kbps", sa.Integer(), nullable=False),
        sa.Column("out_kbps", sa.Integer(), nullable=False),
        sa.Column("frozen_ms", sa.Integer(), nullable=False),
        sa.Column("sound_only", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_call_quality_participant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("participant_id", "at", name=op.f("pk_call_quality")),
    )
    op.create_index(op.f("ix_call_quality_at"), "call_quality", ["at"])
